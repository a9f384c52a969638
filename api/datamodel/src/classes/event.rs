//! `event`: see the class.
class! {
    event "event", Published "rio" { in_database: false, events: false, persist: false, get_all: false }

    fields {
        CLASS_NAME class [string], Constructor, Published "rio";
        ID id [int], Constructor, Published "rio";
        OBJ_UUID obj_uuid [string], Constructor, Deprecated "rio";
        OPERATION operation [enum EventOperation], Constructor, Published "rio";
        REF ref [string], Constructor, Published "rio";
        TIMESTAMP timestamp [datetime], Constructor, Deprecated "rio";
        SNAPSHOT snapshot [record "<class>"], Runtime, Published "boston";
    }

    messages {
        from(classes [set [string]], token [string], timeout [float]) -> [set [record "event"]], ReadOnly, Published "boston" { errors: &["EVENT_FROM_TOKEN_PARSE_FAILURE", "EVENT_SUBSCRIPTION_PARSE_FAILURE"], is_async: false };
        get_current_id() -> [int], ReadOnly, Published "rio" { is_async: false };
        inject(class [string], ref [string]) -> [string], ReadOnly, Published "tampa" { is_async: false };
        next() -> [set [record "event"]], ReadOnly, Deprecated "rio" { errors: &["SESSION_NOT_REGISTERED", "EVENTS_LOST", "EVENT_SUBSCRIPTION_PARSE_FAILURE"], is_async: false };
        register(classes [set [string]]) -> [void], ReadOnly, Deprecated "rio";
        unregister(classes [set [string]]) -> [void], ReadOnly, Deprecated "rio";
    }
}

enumeration! {
    EventOperation "event_operation" { Add "add", Del "del", Mod "mod" }
}
