//! `DR_task`: see the class.
class! {
    dr_task "DR_task", Published "boston" {}

    fields {
        UUID uuid [string], Runtime, Published "rio";
        INTRODUCED_SRS introduced_SRs [set [ref "SR"]], Runtime, Published "rio";
    }

    messages {
        create(type [string], device_config [map [string] [string]], whitelist [set [string]]) -> [ref "DR_task"], PoolOperator, Published "boston";
        destroy(self [ref "DR_task"]) -> [void], PoolOperator, Published "boston";
    }
}
