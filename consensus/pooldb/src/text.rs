//! The database form of a value, as `*_where` filters compare it and snapshots of VMs keep it (semantics.md §1, 8). Not the wire form.

use std::borrow::Cow;
use xenith_datamodel::{DateTime, Ref, Type, Value};

/// Scalars as plain text; sets and maps as s-expressions: `('a' 'b')`, `(('k' 'v'))`, empty `()`.
pub fn database_text(value: &Value) -> Cow<'_, str> {
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

/// The other way round: the value of this type; nothing, if the text is none.
pub fn from_database_text(text: &str, ty: &Type) -> Option<Value> {
    Some(match ty {
        Type::Set(item) => {
            let items = Expression::read(text)?.into_list()?.into_iter();
            Value::set(items.map(|part| part.value(item)).collect::<Option<Vec<_>>>()?)
        }
        Type::Map(key, value) => {
            let pairs = Expression::read(text)?.into_list()?.into_iter();
            let pair = |part: Expression| {
                let [k, v] = <[Expression; 2]>::try_from(part.into_list()?).ok()?;
                Some((k.value(key)?, v.value(value)?))
            };
            Value::map(pairs.map(pair).collect::<Option<Vec<_>>>()?)
        }
        Type::String | Type::Secret | Type::Enum(_) => Value::text(text),
        Type::Int => Value::Int(text.parse().ok()?),
        Type::Float => Value::Float(text.parse().ok()?),
        Type::Bool => Value::Bool(text.parse().ok()?),
        Type::DateTime => Value::from(DateTime::parse(text)?),
        Type::Ref(_) => Value::Ref(Ref::new(text)),
        Type::Record(_) | Type::Option(_) | Type::Void => return None,
    })
}

/// The names and texts of a row: `(('name' 'text') …)`. Nothing, if it is none.
pub fn fields_of_database_text(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = Expression::read(text)?.into_list()?.into_iter();
    let pair = |part: Expression| {
        let [name, text] = <[Expression; 2]>::try_from(part.into_list()?).ok()?;
        Some((name.into_text()?, text.into_text()?))
    };
    pairs.map(pair).collect()
}

enum Expression {
    Text(String),
    List(Vec<Expression>),
}

/// No value of a row is deeper.
const DEPTH_MAX: usize = 8;

impl Expression {
    fn read(text: &str) -> Option<Expression> {
        let mut chars = text.chars();
        let whole = Expression::next(&mut chars, 0)??;
        chars.all(char::is_whitespace).then_some(whole)
    }

    /// Nothing inside at the end of a list.
    fn next(chars: &mut std::str::Chars<'_>, depth: usize) -> Option<Option<Expression>> {
        match chars.find(|c| !c.is_whitespace())? {
            '\'' => Expression::rest_of_text(chars).map(|text| Some(Expression::Text(text))),
            '(' if depth < DEPTH_MAX => {
                let mut items = Vec::new();
                while let Some(item) = Expression::next(chars, depth + 1)? {
                    items.push(item);
                }
                Some(Some(Expression::List(items)))
            }
            ')' if depth > 0 => Some(None),
            _ => None,
        }
    }

    fn rest_of_text(chars: &mut std::str::Chars<'_>) -> Option<String> {
        let mut text = String::new();
        loop {
            match chars.next()? {
                '\'' => return Some(text),
                '\\' => text.push(chars.next()?),
                other => text.push(other),
            }
        }
    }

    fn into_list(self) -> Option<Vec<Expression>> {
        match self {
            Expression::List(items) => Some(items),
            Expression::Text(_) => None,
        }
    }

    fn into_text(self) -> Option<String> {
        match self {
            Expression::Text(text) => Some(text),
            Expression::List(_) => None,
        }
    }

    fn value(self, ty: &Type) -> Option<Value> {
        from_database_text(&self.into_text()?, ty)
    }
}
