//! `message`: see the class.
class! {
    message "message", Published "orlando" { in_database: false, persist: false, get_all: false }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        BODY body [string], Runtime, Published "rio";
        CLS cls [enum Cls], Runtime, Published "orlando";
        NAME name [string], Runtime, Published "rio";
        OBJ_UUID obj_uuid [string], Runtime, Published "rio";
        PRIORITY priority [int], Runtime, Published "rio";
        TIMESTAMP timestamp [datetime], Runtime, Published "rio";
    }

    messages {
        create(name [string], priority [int], cls [enum Cls], obj_uuid [string], body [string]) -> [ref "message"], PoolOperator, Published "orlando" { is_async: false };
        destroy(self [ref "message"]) -> [void], PoolOperator, Published "orlando" { is_async: false };
        destroy_all(filters [map [string] [string]]) -> [void], PoolOperator, Prototyped "26.6.0" { in_2024_dump: false };
        destroy_many(messages [set [ref "message"]]) -> [void], PoolOperator, Prototyped "22.19.0";
        get(cls [enum Cls], obj_uuid [string], since [datetime]) -> [map [ref "message"] [record "message"]], ReadOnly, Published "orlando" { is_async: false };
        get_all() -> [set [ref "message"]], ReadOnly, Published "orlando" { is_async: false };
        get_all_records() -> [map [ref "message"] [record "message"]], ReadOnly, Published "orlando" { is_async: false };
        get_all_records_where(expr [string]) -> [map [ref "message"] [record "message"]], ReadOnly, Published "orlando" { is_async: false };
        get_by_uuid(uuid [string]) -> [ref "message"], ReadOnly, Published "orlando" { is_async: false };
        get_record(self [ref "message"]) -> [record "message"], ReadOnly, Published "orlando" { is_async: false };
        get_since(since [datetime]) -> [map [ref "message"] [record "message"]], ReadOnly, Published "orlando" { is_async: false };
    }
}

enumeration! {
    Cls "cls" { Vm "VM", Host "Host", Sr "SR", Pool "Pool", Vmpp "VMPP", Vmss "VMSS", PvsProxy "PVS_proxy", Vdi "VDI", Certificate "Certificate" }
}
