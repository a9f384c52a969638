//! Each rule of the filter language; the cases are those recorded from xapi.

use super::*;
use crate::FilterError;
use crate::text::{database_text, fields_of_database_text, from_database_text};
use xenith_datamodel::{DateTime, Type};

fn pool() -> View {
    let vm = |name: &str, control: bool| {
        [
            ("name_label", Value::from(name)),
            ("is_control_domain", control.into()),
            ("memory_static_max", 134_217_728.into()),
            ("HVM_shadow_multiplier", 1.0.into()),
        ]
    };
    let view = create(&View::default(), "VM", "dom0", &vm("dom0", true));
    let view = create(&view, "VM", "vm", &vm("golden", false));
    create(&view, "VM", "vm2", &vm("golden2", false))
}

#[track_caller]
fn finds(expression: &str, expected: &[&str]) {
    let expected: Vec<Ref> = expected.iter().map(|text| r(text)).collect();
    assert_eq!(pool().find_where(id("VM"), expression), Ok(expected), "{expression}");
}

#[track_caller]
fn fails(expression: &str, text: &str) {
    let error = pool().find_where(id("VM"), expression).unwrap_err();
    assert_eq!(
        error.to_api_error(expression),
        ApiError::new("INVALID_VALUE", [expression, text])
    );
}

const LEXING: &str = "Failure(\"lexing: empty token\")";
const PARSING: &str = "Xapi_database.Db_filter_parse.MenhirBasics.Error";

#[test]
fn constants_and_comparisons() {
    finds("true", &["dom0", "vm", "vm2"]);
    finds("not true", &[]);
    finds(r#"field "name__label" = "golden""#, &["vm"]);
    finds(r#""golden" = field "name__label""#, &["vm"]);
    finds(r#"field "name__label" = field "name__label""#, &["dom0", "vm", "vm2"]);
    finds(r#""a" = "a""#, &["dom0", "vm", "vm2"]);
    finds(
        "field \"name__label\"\t=\n\"golden\" and field \"is_control_domain\"=\"false\"",
        &["vm"],
    );
    finds(r#"field "_ref" = "OpaqueRef:vm""#, &["vm"]);
}

#[test]
fn values_are_compared_in_their_database_form() {
    finds(r#"field "power_state" = "Halted""#, &["dom0", "vm", "vm2"]);
    finds(r#"field "power_state" = "halted""#, &[]);
    finds(r#"field "is_a_template" = "False""#, &[]);
    finds(r#"field "memory__static_max" = "134217728""#, &["dom0", "vm", "vm2"]);
    finds(
        r#"field "snapshot_time" = "19700101T00:00:00Z""#,
        &["dom0", "vm", "vm2"],
    );
    finds(r#"field "other_config" = "()""#, &["dom0", "vm", "vm2"]);
    finds(r#"field "affinity" = "OpaqueRef:NULL""#, &["dom0", "vm", "vm2"]);
    finds(r#"field "HVM__shadow_multiplier" = "1.""#, &[]);
    finds(r#"field "HVM__shadow_multiplier" = "1.0""#, &[]);
    finds(r#"field "HVM__shadow_multiplier" = "1""#, &["dom0", "vm", "vm2"]);
}

#[test]
fn and_binds_like_or_and_not_takes_the_rest() {
    let golden = r#"field "name__label" = "golden""#;
    let golden2 = r#"field "name__label"="golden2""#;
    let template = r#"field "is_a_template"="true""#;
    finds(&format!("{golden} and {template} or {golden2}"), &["vm2"]);
    finds(&format!("{golden2} or {golden} and {template}"), &[]);
    finds(&format!("{golden2} or ({golden} and {template})"), &["vm2"]);
    finds(
        &format!("not ({golden}) and field \"is_control_domain\" = \"false\""),
        &["dom0", "vm2"],
    );
    finds(&format!("true and not {golden} or {golden2}"), &["dom0"]);
    finds("true and false or true", &["dom0", "vm", "vm2"]);
}

#[test]
fn what_is_not_of_the_language_is_refused() {
    for expression in [
        r#"field name__label = "golden""#,
        r#"field "name__label" != "golden""#,
        "field 'name__label' = 'golden'",
        "garbage",
        r#"field "name__label" = "gol\"den""#,
        r#"FIELD "name__label" = "golden""#,
        "True",
    ] {
        fails(expression, LEXING);
    }
    for expression in [
        "(true",
        "true and",
        r#"field "name__label""#,
        "",
        "true)",
        "true true",
        "= true",
        "not",
    ] {
        fails(expression, PARSING);
    }
}

#[test]
fn a_missing_field_fails_when_a_row_is_compared_by_it() {
    let missing = Err(FilterError::MissingField("name_label".into()));
    let expression = r#"field "name_label" = "golden""#;
    assert_eq!(pool().find_where(id("VM"), expression), missing);
    let error = FilterError::MissingField("x".into()).to_api_error(expression);
    assert_eq!(error, ApiError::new("INTERNAL_ERROR", ["missing field", "x", ""]));
    assert_eq!(View::default().find_where(id("VM"), expression), Ok(vec![]));
    finds(&format!("true or {expression}"), &["dom0", "vm", "vm2"]);
}

#[test]
fn depth_is_bounded_and_length_is_not() {
    fails(&"(".repeat(100_000), PARSING);
    fails(&"not ".repeat(100_000), PARSING);
    finds(&vec!["true"; 30_000].join(" and "), &["dom0", "vm", "vm2"]);
}

#[test]
fn computed_sets_have_a_text_too() {
    let view = create(&pool(), "VBD", "b", &[("VM", r("vm").into())]);
    assert_eq!(
        view.find_where(id("VM"), r#"field "VBDs" = "('OpaqueRef:b')""#),
        Ok(vec![r("vm")])
    );
}

#[test]
fn database_texts() {
    let text = |value: Value| database_text(&value).into_owned();
    assert_eq!(text(Value::set(["a".into(), "b".into()])), "('a' 'b')");
    assert_eq!(
        text(Value::text_map([("k", "v"), ("l", "it's")])),
        r"(('k' 'v') ('l' 'it\'s'))"
    );
    assert_eq!(text(Value::Int(-5)), "-5");
    for (float, expected) in [
        (0.0, "0"),
        (1.5, "1.5"),
        (0.1, "0.100000000000000006"),
        (1e20, "1e+20"),
        (1e-5, "1.00000000000000008e-05"),
        (123_456_789.0, "123456789"),
        (-2.5, "-2.5"),
    ] {
        assert_eq!(text(Value::Float(float)), expected);
    }
    assert_eq!(text(DateTime::EPOCH.into()), "19700101T00:00:00Z");
}

#[test]
fn what_is_written_is_read() {
    for value in [
        Value::set([Value::text("a"), Value::text("it's \\ \"b\"")]),
        Value::text_map([("k", "('v')"), ("", "")]),
        Value::set([]),
        Value::map([(Value::Int(-1), Value::Float(0.1))]),
        Value::Bool(true),
        Value::from(DateTime::EPOCH),
        Value::Ref(r("vm")),
    ] {
        let ty = match &value {
            Value::Set(_) => Type::Set(&Type::String),
            Value::Map(pairs) if matches!(pairs[0].0, Value::Int(_)) => Type::Map(&Type::Int, &Type::Float),
            Value::Map(_) => Type::Map(&Type::String, &Type::String),
            Value::Bool(_) => Type::Bool,
            Value::DateTime(_) => Type::DateTime,
            _ => Type::Ref("VM"),
        };
        assert_eq!(from_database_text(&database_text(&value), &ty), Some(value));
    }
    let row = r"(('name' 'it\'s') ('set' '(\'a\' \'b\')'))";
    let pairs = [("name", "it's"), ("set", "('a' 'b')")].map(|(name, text)| (name.to_owned(), text.to_owned()));
    assert_eq!(fields_of_database_text(row), Some(pairs.to_vec()));
}

#[test]
fn what_is_no_text_of_the_database_is_refused() {
    let deep = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
    for text in ["", "(", "'a", "('a'", "('a'))", "a", "()()", r"'\", &deep] {
        assert_eq!(from_database_text(text, &Type::Set(&Type::String)), None, "{text:.20}");
    }
    assert_eq!(
        from_database_text("('a')", &Type::Map(&Type::String, &Type::String)),
        None
    );
    assert_eq!(from_database_text("many", &Type::Int), None);
}
