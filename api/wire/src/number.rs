//! Numbers as OCaml reads them and as C's `printf` and Yojson write them: clients see both.

/// Significant digits of `<double>` (`%.16g`).
const XML_DIGITS: usize = 16;
/// Digits that give any f64 back exactly (`%.17g`).
const EXACT_DIGITS: usize = 17;

/// `Int64.of_string`: sign, then `0x`, `0o`, `0b` (whole unsigned range, wrapping), `0u` (unsigned decimal) or decimal
/// digits, with `_` anywhere after the first digit. No blanks.
pub fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let prefix = digits.get(..2).unwrap_or("");
    let (radix, signed, digits) = match prefix {
        "0x" | "0X" => (16, false, &digits[2..]),
        "0o" | "0O" => (8, false, &digits[2..]),
        "0b" | "0B" => (2, false, &digits[2..]),
        "0u" | "0U" => (10, false, &digits[2..]),
        _ => (10, true, digits),
    };
    let magnitude = parse_digits(digits, radix)?;
    if !signed {
        let value = magnitude as i64;
        return Some(if negative { value.wrapping_neg() } else { value });
    }
    if negative {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

fn parse_digits(digits: &str, radix: u32) -> Option<u64> {
    if digits.starts_with('_') {
        return None;
    }
    let mut seen = false;
    let mut magnitude: u64 = 0;
    for c in digits.chars().filter(|&c| c != '_') {
        let digit = c.to_digit(radix)?;
        magnitude = magnitude.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))?;
        seen = true;
    }
    seen.then_some(magnitude)
}

/// `float_of_string` but for hexadecimal floats, which no client sends: underscores and leading blanks are skipped.
pub fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    if text.contains('_') {
        text.replace('_', "").parse().ok()
    } else {
        text.parse().ok()
    }
}

/// `%.16g`, as `<double>` has it.
pub fn xml_float(value: f64) -> String {
    format_g(value, XML_DIGITS)
}

/// 16 digits if they give the number back, else 17; always with a point or an exponent. Infinities and NaN are bare
/// words, which is not JSON but is what XenAPI servers send.
pub fn json_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "Infinity".to_owned()
        } else {
            "-Infinity".to_owned()
        };
    }
    let mut text = format_g(value, XML_DIGITS);
    if text.parse() != Ok(value) {
        text = format_g(value, EXACT_DIGITS);
    }
    if !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    text
}

/// C's `%.<digits>g`: the shorter of fixed and scientific form, without trailing zeros.
pub fn format_g(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "inf".to_owned()
        } else {
            "-inf".to_owned()
        };
    }
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", without_trailing_zeros(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
    without_trailing_zeros(&format!("{value:.decimals$}")).to_owned()
}

fn without_trailing_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_are_read_as_by_ocaml() {
        for (text, value) in [
            ("5", Some(5)),
            ("+5", Some(5)),
            ("-5", Some(-5)),
            ("007", Some(7)),
            ("0x10", Some(16)),
            ("-0x10", Some(-16)),
            ("0o17", Some(15)),
            ("0b101", Some(5)),
            ("0u5", Some(5)),
            ("1_000", Some(1000)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("0xffffffffffffffff", Some(-1)),
            ("9223372036854775808", None),
            ("0x1ffffffffffffffff", None),
            ("", None),
            ("-", None),
            ("0x", None),
            ("_1", None),
            (" 5 ", None),
            ("5.0", None),
            ("five", None),
            ("é", None),
        ] {
            assert_eq!(parse_int(text), value, "{text:?}");
        }
    }

    #[test]
    fn floats_are_written_as_by_printf() {
        for (value, xml, json) in [
            (0.0, "0", "0.0"),
            (-0.0, "-0", "-0.0"),
            (1.5, "1.5", "1.5"),
            (2.0, "2", "2.0"),
            (1.3333333333333333, "1.333333333333333", "1.3333333333333333"),
            (0.1, "0.1", "0.1"),
            (1e300, "1e+300", "1e+300"),
            (1e22, "1e+22", "1e+22"),
            (1e-7, "1e-07", "1e-07"),
            (0.0001, "0.0001", "0.0001"),
            (123456789012345680.0, "1.234567890123457e+17", "1.2345678901234568e+17"),
            (999999999999999900.0, "9.999999999999999e+17", "9.999999999999999e+17"),
            (9007199254740991.0, "9007199254740991", "9007199254740991.0"),
            (f64::INFINITY, "inf", "Infinity"),
            (f64::NEG_INFINITY, "-inf", "-Infinity"),
            (f64::NAN, "nan", "NaN"),
        ] {
            assert_eq!(xml_float(value), xml);
            assert_eq!(json_float(value), json);
        }
    }
}
