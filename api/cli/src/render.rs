//! The look of xe's output. Pure.

/// How far the columns after the first are indented.
const INDENT: usize = 4;

/// One record: a heading and a value a line, headings aligned at the colon, the first one at the left edge.
pub fn record(fields: &[(String, String)]) -> String {
    let width = INDENT
        + fields
            .iter()
            .map(|(heading, _)| heading.chars().count())
            .max()
            .unwrap_or(0);
    let lines: Vec<String> = fields
        .iter()
        .enumerate()
        .map(|(i, (heading, value))| {
            if i == 0 {
                format!("{heading:<width$}: {value}")
            } else {
                format!("{heading:>width$}: {value}")
            }
        })
        .collect();
    lines.join("\n") + "\n\n\n"
}

/// `--minimal`: values on one line, commas in them escaped.
pub fn minimal(values: impl Iterator<Item = String>) -> String {
    values
        .map(|value| value.replace(',', "\\,"))
        .collect::<Vec<_>>()
        .join(",")
        + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_aligned_as_by_xe() {
        let field = |h: &str, v: &str| (h.to_owned(), v.to_owned());
        let fields = [
            field("uuid ( RO)", "u"),
            field("name-label ( RW)", "é日"),
            field("power-state ( RO)", "halted"),
        ];
        assert_eq!(
            record(&fields),
            "uuid ( RO)           : u\n     name-label ( RW): é日\n    power-state ( RO): halted\n\n\n"
        );
        assert_eq!(record(&fields[..1]), "uuid ( RO)    : u\n\n\n");
        assert_eq!(record(&[]), "\n\n\n");
    }

    #[test]
    fn minimal_lists() {
        let values = ["a, b; c", "d"].map(str::to_owned);
        assert_eq!(minimal(values.into_iter()), "a\\, b; c,d\n");
        assert_eq!(minimal(std::iter::empty()), "\n");
    }
}
