//! `event`: its fields, messages and enumerations.
class! {
    /// A change of an object.
    event "event", Published "rio" { in_database: false, events: false, persist: false, get_all: false }

    fields {
        /// Class of the object, lower case.
        CLASS_NAME class [string], Constructor, Published "rio";
        /// Number of the event.
        ID id [int], Constructor, Published "rio";
        /// Uuid of the object; no longer used.
        OBJ_UUID obj_uuid [string], Constructor, Deprecated "rio";
        /// Added, changed or deleted.
        OPERATION operation [enum EventOperation], Constructor, Published "rio";
        /// The object.
        REF ref [string], Constructor, Published "rio";
        /// When it happened; no longer used.
        TIMESTAMP timestamp [datetime], Constructor, Deprecated "rio";
        /// The object as it is now; absent once deleted.
        SNAPSHOT snapshot [record "<class>"], Runtime, Published "boston";
    }

    messages {
        /// Changes since a token; waits up to a timeout for the first.
        from(classes [set [string]], token [string], timeout [float]) -> [set [record "event"]], ReadOnly, Published "boston" { errors: &["EVENT_FROM_TOKEN_PARSE_FAILURE", "EVENT_SUBSCRIPTION_PARSE_FAILURE"], is_async: false };
        /// Number of the latest event.
        get_current_id() -> [int], ReadOnly, Published "rio" { is_async: false };
        /// Mark an object as changed; answers a token from just before.
        inject(class [string], ref [string]) -> [string], ReadOnly, Published "tampa" { is_async: false };
        /// Next changes for a session that has registered; waits.
        next() -> [set [record "event"]], ReadOnly, Deprecated "rio" { errors: &["SESSION_NOT_REGISTERED", "EVENTS_LOST", "EVENT_SUBSCRIPTION_PARSE_FAILURE"], is_async: false };
        /// Have changes of classes queued for the session.
        register(classes [set [string]]) -> [void], ReadOnly, Deprecated "rio";
        /// Have changes of classes queued no longer.
        unregister(classes [set [string]]) -> [void], ReadOnly, Deprecated "rio";
    }
}

enumeration! {
    /// What happened to an object.
    EventOperation "event_operation" { Add "add", Del "del", Mod "mod" }
}
