//! A toy class, and all that the macros make of it.

use crate::macros::words::*;
use crate::{Column, Enumeration, FieldType, Text, Value, classes};
use expect_test::expect;

enumeration! {
    /// What a toy can do.
    ToyTrick "toy_trick" {
        RollOver "roll-over",
        /// Needs batteries.
        V8bit "8bit",
    }
}

class! {
    /// A thing
    /// to play with.
    vm "Toy", Prototyped "rio" { events: false, writer: at(VmAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// What it can do.
        TRICKS tricks [map [string] [enum ToyTrick]] = map(&[(text("a"), text("8bit"))]), ReadWrite, Removed "ely" { persist: false };
    }

    messages {
        /// Play with it.
        play(self [ref "Toy"], times [int] = int(1)) -> [set [option [ref "Toy"]]], VmOperator + cert, Deprecated "miami" { errors: &["TOO_BUSY"], is_async: false };
    }
}

#[test]
fn descriptor() {
    expect![[r#"
        Class {
            name: "Toy",
            doc: "A thing to play with.",
            lifecycle: Prototyped,
            since: "rio",
            gen_constructor_destructor: false,
            in_database: true,
            events: false,
            persist: true,
            get_all: true,
            in_2024_dump: true,
            internal: false,
            reader: RoleFloor {
                role: ReadOnly,
                or_client_cert: false,
            },
            writer: RoleFloor {
                role: VmAdmin,
                or_client_cert: false,
            },
            constructor: RoleFloor {
                role: PoolOperator,
                or_client_cert: false,
            },
            by_name_label: true,
            getters_run_code: false,
            implicit: [],
            fields: [
                FieldDesc {
                    name: "uuid",
                    doc: "Unique identifier.",
                    ty: String,
                    qualifier: Runtime,
                    default: None,
                    lifecycle: Published,
                    since: "rio",
                    db: None,
                    persist: true,
                    setter_has_effect: false,
                    ignore_foreign_key: false,
                    internal: false,
                    in_2024_dump: true,
                    reader: None,
                    writer: None,
                    key_roles: [],
                },
                FieldDesc {
                    name: "tricks",
                    doc: "What it can do.",
                    ty: Map(
                        String,
                        Enum(
                            "toy_trick",
                        ),
                    ),
                    qualifier: ReadWrite,
                    default: Some(
                        Map(
                            [
                                (
                                    Text(
                                        "a",
                                    ),
                                    Text(
                                        "8bit",
                                    ),
                                ),
                            ],
                        ),
                    ),
                    lifecycle: Removed,
                    since: "ely",
                    db: None,
                    persist: false,
                    setter_has_effect: false,
                    ignore_foreign_key: false,
                    internal: false,
                    in_2024_dump: true,
                    reader: None,
                    writer: None,
                    key_roles: [],
                },
            ],
            messages: [
                Message {
                    name: "play",
                    doc: "Play with it.",
                    params: [
                        Param {
                            name: "self",
                            ty: Ref(
                                "Toy",
                            ),
                            default: None,
                        },
                        Param {
                            name: "times",
                            ty: Int,
                            default: Some(
                                Int(
                                    1,
                                ),
                            ),
                        },
                    ],
                    result: Set(
                        Option(
                            Ref(
                                "Toy",
                            ),
                        ),
                    ),
                    errors: [
                        "TOO_BUSY",
                    ],
                    role: RoleFloor {
                        role: VmOperator,
                        or_client_cert: true,
                    },
                    key_roles: [],
                    lifecycle: Deprecated,
                    since: "miami",
                    kind: Explicit,
                    is_async: false,
                    hidden: false,
                    pool_internal: false,
                    session: true,
                    secret: false,
                    effect: true,
                    forward_to: None,
                    no_current_operations: false,
                    in_2024_dump: true,
                    route: Coordinator,
                    runs_on: "",
                    locks: [],
                    emergency: false,
                    local_any_host: false,
                },
            ],
        }
    "#]].assert_debug_eq(&DESCRIPTOR);
}

#[test]
fn tokens() {
    let field = |field| Column {
        class: CLASS,
        field,
    };
    assert_eq!(CLASS, classes::vm::CLASS);
    let uuid: crate::Field<Text> = UUID;
    let tricks: crate::Field<Value> = TRICKS;
    assert_eq!((uuid.column, tricks.column), (field(0), field(1)));
}

#[test]
fn enumeration() {
    let Enumeration { name, doc, values } = ToyTrick::ENUMERATION;
    assert_eq!(
        (name, doc, values),
        (
            "toy_trick",
            "What a toy can do.",
            &["roll-over", "8bit"][..]
        )
    );
    assert_eq!(ToyTrick::ALL, [ToyTrick::RollOver, ToyTrick::V8bit]);
    assert_eq!(ToyTrick::from_text("Roll-Over"), Some(ToyTrick::RollOver));
    assert_eq!(ToyTrick::from_text("roll_over"), None);
    assert_eq!(ToyTrick::V8bit.to_string(), "8bit");
    for trick in ToyTrick::ALL {
        assert_eq!(ToyTrick::from_value(&Value::from(*trick)), Some(*trick));
    }
    assert_eq!(ToyTrick::from_value(&Value::Int(0)), None);
}
