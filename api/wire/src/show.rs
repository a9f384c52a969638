//! The text of a wire value inside xapi's type errors: `S(text)`, `I(5)`, `{a:S(b)}`.

use crate::WireValue;
use crate::number::format_g;

/// Longest text of a value in an error: enough to recognise it, and no error grows with the request.
const MAX_SHOWN: usize = 200;

/// Bounded; never call it for a secret.
pub fn show(value: &WireValue) -> String {
    let mut out = String::new();
    write(&mut out, value);
    if out.len() > MAX_SHOWN {
        out.truncate(out.floor_char_boundary(MAX_SHOWN));
        out.push_str("...");
    }
    out
}

fn write(out: &mut String, value: &WireValue) {
    if out.len() > MAX_SHOWN {
        return;
    }
    match value {
        WireValue::Text(text) => wrapped(out, "S", text),
        WireValue::Int(int) => wrapped(out, "I", &int.to_string()),
        WireValue::Float(float) => wrapped(out, "F", &format_g(*float, 6)),
        WireValue::Bool(flag) => wrapped(out, "B", if *flag { "true" } else { "false" }),
        WireValue::DateTime(text) => wrapped(out, "D", text),
        WireValue::Nil => out.push('N'),
        WireValue::Base64(text) => wrapped(out, "B64", text),
        WireValue::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().take(MAX_SHOWN).enumerate() {
                out.push_str(if i > 0 { ";" } else { "" });
                write(out, item);
            }
            out.push(']');
        }
        WireValue::Struct(members) => {
            out.push('{');
            for (i, (name, member)) in members.iter().take(MAX_SHOWN).enumerate() {
                out.push_str(if i > 0 { ";" } else { "" });
                out.push_str(bounded(name));
                out.push(':');
                write(out, member);
            }
            out.push('}');
        }
    }
}

fn wrapped(out: &mut String, kind: &str, text: &str) {
    out.push_str(kind);
    out.push('(');
    out.push_str(bounded(text));
    out.push(')');
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_SHOWN)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_values_as_xapi_does_and_stays_short() {
        let text = |t: &str| WireValue::Text(t.to_owned());
        let nested = WireValue::Array(vec![WireValue::Array(vec![text("a"), text("b")])]);
        assert_eq!(show(&nested), "[[S(a);S(b)]]");
        assert_eq!(show(&WireValue::Struct(vec![("k".into(), WireValue::Nil)])), "{k:N}");
        assert_eq!(show(&WireValue::Float(5.0)), "F(5)");
        assert_eq!(show(&WireValue::Bool(true)), "B(true)");
        assert!(show(&text(&"é".repeat(10_000))).len() < 2 * MAX_SHOWN);
        assert!(show(&WireValue::Array(vec![nested; 10_000])).len() < 2 * MAX_SHOWN);
    }
}
