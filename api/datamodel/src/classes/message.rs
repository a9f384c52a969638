//! `message`: its fields, messages and enumerations.
class! {
    /// Something a person should know about an object.
    message "message", Published "orlando" { in_database: false, persist: false, get_all: false }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Text or XML with the details.
        BODY body [string], Runtime, Published "rio";
        /// Class of the object.
        CLS cls [enum Cls], Runtime, Published "orlando";
        /// Kind of message.
        NAME name [string], Runtime, Published "rio";
        /// Uuid of the object.
        OBJ_UUID obj_uuid [string], Runtime, Published "rio";
        /// Urgency; lower is more urgent.
        PRIORITY priority [int], Runtime, Published "rio";
        /// When it was written.
        TIMESTAMP timestamp [datetime], Runtime, Published "rio";
    }

    messages {
        /// Write a message.
        create(name [string], priority [int], cls [enum Cls], obj_uuid [string], body [string]) -> [ref "message"], PoolOperator, Published "orlando" { is_async: false };
        /// Remove a message.
        destroy(self [ref "message"]) -> [void], PoolOperator, Published "orlando" { is_async: false };
        /// Remove every message that matches.
        destroy_all(filters [map [string] [string]]) -> [void], PoolOperator, Prototyped "26.6.0" { in_2024_dump: false };
        /// Remove the messages given.
        destroy_many(messages [set [ref "message"]]) -> [void], PoolOperator, Prototyped "22.19.0";
        /// Messages about an object since a time.
        get(cls [enum Cls], obj_uuid [string], since [datetime]) -> [map [ref "message"] [record "message"]], ReadOnly, Published "orlando" { is_async: false };
        /// Every message.
        get_all() -> [set [ref "message"]], ReadOnly, Published "orlando" { is_async: false };
        /// Every message with its fields.
        get_all_records() -> [map [ref "message"] [record "message"]], ReadOnly, Published "orlando" { is_async: false };
        /// Every message that the filter matches, with its fields.
        get_all_records_where(expr [string]) -> [map [ref "message"] [record "message"]], ReadOnly, Published "orlando" { is_async: false };
        /// The message with this uuid.
        get_by_uuid(uuid [string]) -> [ref "message"], ReadOnly, Published "orlando" { is_async: false };
        /// All fields of a message.
        get_record(self [ref "message"]) -> [record "message"], ReadOnly, Published "orlando" { is_async: false };
        /// Messages since a time.
        get_since(since [datetime]) -> [map [ref "message"] [record "message"]], ReadOnly, Published "orlando" { is_async: false };
    }
}

enumeration! {
    /// Class of object a message is about.
    Cls "cls" { Vm "VM", Host "Host", Sr "SR", Pool "Pool", Vmpp "VMPP", Vmss "VMSS", PvsProxy "PVS_proxy", Vdi "VDI", Certificate "Certificate" }
}
