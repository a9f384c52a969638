//! The disks that a template asks for: `<provision><disk device="0" size="…" sr="…" bootable="true" type="system"/></provision>`.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde::{Deserialize, Serialize};
use xenith_datamodel::ApiError;

/// No VM has more places for disks.
const DISKS_MAX: usize = 255;
const KINDS: &[&str] = &["system", "user", "ephemeral", "suspend", "crashdump"];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    pub device: String,
    pub size_bytes: i64,
    /// Uuid or name; empty: the pool's default.
    pub sr: String,
    pub bootable: bool,
    /// A VDI's type.
    pub kind: String,
}

pub fn read(text: &str) -> Result<Vec<Disk>, ApiError> {
    let mut reader = Reader::from_str(text);
    let mut disks = Vec::new();
    let mut depth = 0;
    let mut seen = false;
    loop {
        match reader.read_event().map_err(|_| refused())? {
            Event::Start(tag) => {
                take(&tag, depth, &mut disks)?;
                depth += 1;
            }
            Event::Empty(tag) => take(&tag, depth, &mut disks)?,
            Event::End(_) => depth -= 1,
            Event::Eof if seen && depth == 0 => return Ok(disks),
            Event::Text(text) if text.trim().is_empty() => continue,
            Event::Comment(_) | Event::Decl(_) => continue,
            Event::Eof | Event::Text(_) | Event::CData(_) | Event::PI(_) | Event::DocType(_) | Event::GeneralRef(_) => {
                return Err(refused());
            }
        }
        seen = true;
    }
}

fn take(tag: &BytesStart<'_>, depth: i32, disks: &mut Vec<Disk>) -> Result<(), ApiError> {
    match (tag.name().as_ref(), depth) {
        ("provision", 0) => Ok(()),
        ("disk", 1) if disks.len() < DISKS_MAX => {
            disks.push(disk(tag)?);
            Ok(())
        }
        _ => Err(refused()),
    }
}

fn disk(tag: &BytesStart<'_>) -> Result<Disk, ApiError> {
    let get = |name: &str| -> Result<Option<String>, ApiError> {
        let found = tag.try_get_attribute(name).map_err(|_| refused())?;
        let text = found.map(|attribute| {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            value.map(|value| value.into_owned())
        });
        text.transpose().map_err(|_| refused())
    };
    let need = |name: &str| get(name)?.ok_or_else(refused);
    let kind = get("type")?.filter(|kind| KINDS.contains(&kind.as_str()));
    Ok(Disk {
        device: need("device")?,
        size_bytes: need("size")?.parse().map_err(|_| refused())?,
        sr: need("sr")?,
        bootable: need("bootable")? == "true",
        kind: kind.unwrap_or_else(|| "system".to_owned()),
    })
}

/// What xapi says of a text that it cannot read.
fn refused() -> ApiError {
    ApiError::internal("Xapi_templates.Parse_failure")
}

#[cfg(test)]
mod tests {
    use super::{Disk, read};

    #[test]
    fn disks_of_a_template() {
        let text = r#"<provision><disk device="0" size="8589934592" sr="a &amp; b" bootable="true" type="user"/><disk device="1" size="1" sr="" bootable="false"></disk></provision>"#;
        let disk = |device: &str, size_bytes, sr: &str, bootable, kind: &str| Disk {
            device: device.to_owned(),
            size_bytes,
            sr: sr.to_owned(),
            bootable,
            kind: kind.to_owned(),
        };
        let expected = vec![
            disk("0", 8 << 30, "a & b", true, "user"),
            disk("1", 1, "", false, "system"),
        ];
        assert_eq!(read(text).unwrap(), expected);
        for empty in ["<provision/>", "<provision></provision>", " <provision> </provision> "] {
            assert_eq!(read(empty).unwrap(), [], "{empty}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "x",
            "<disk/>",
            "<provision>",
            "<provision>x</provision>",
            "<provision><disk/></provision>",
            r#"<provision><disk device="0" size="many" sr="" bootable="true"/></provision>"#,
            "<provision><provision/></provision>",
            "<provision/><provision/>x",
            "<!DOCTYPE provision><provision/>",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
