//! The database form of a value, as `*_where` filters compare it (semantics.md §1, 8). Not the wire form.

use std::borrow::Cow;
use xenith_datamodel::Value;

/// Scalars as plain text; sets and maps as s-expressions: `('a' 'b')`, `(('k' 'v'))`, empty `()`.
pub(crate) fn database_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Text(text) => Cow::Borrowed(text),
        Value::Ref(reference) => Cow::Borrowed(reference.as_str()),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Void => Cow::Borrowed(""),
        Value::Int(int) => Cow::Owned(int.to_string()),
        Value::Float(float) => Cow::Owned(float_text(*float)),
        Value::DateTime(time) => Cow::Owned(time.to_string()),
        Value::Set(items) => {
            let items: Vec<String> = items.iter().map(quoted).collect();
            Cow::Owned(format!("({})", items.join(" ")))
        }
        Value::Map(pairs) => {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(k, v)| format!("({} {})", quoted(k), quoted(v)))
                .collect();
            Cow::Owned(format!("({})", pairs.join(" ")))
        }
        Value::Record(fields) => {
            let text = |text: &str| quoted(&Value::text(text));
            let fields: Vec<String> = fields
                .iter()
                .map(|(n, v)| format!("({} {})", text(n), quoted(v)))
                .collect();
            Cow::Owned(format!("({})", fields.join(" ")))
        }
    }
}

/// A member of an s-expression: nested containers stand bare.
fn quoted(value: &Value) -> String {
    let text = database_text(value);
    match value {
        Value::Set(_) | Value::Map(_) | Value::Record(_) => text.into_owned(),
        Value::Void
        | Value::Text(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Bool(_)
        | Value::DateTime(_)
        | Value::Ref(_) => {
            let mut out = String::with_capacity(text.len() + 2);
            out.push('\'');
            for c in text.chars() {
                if matches!(c, '\'' | '\\' | '"') {
                    out.push('\\');
                }
                out.push(c);
            }
            out.push('\'');
            out
        }
    }
}

/// Significant digits of a stored float: C's `%0.18g`.
const FLOAT_DIGITS: usize = 18;

fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "nan".into();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let scientific = format!("{:.*e}", FLOAT_DIGITS - 1, float);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= FLOAT_DIGITS as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs());
    }
    let decimals = (FLOAT_DIGITS as i32 - 1 - exponent).max(0) as usize;
    trimmed(&format!("{float:.decimals$}")).to_string()
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}
