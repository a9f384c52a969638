//! `DR_task`: its fields, messages.
class! {
    /// A disaster recovery in progress, with the storage attached for it.
    dr_task "DR_task", Published "boston" {}

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Storage repositories attached for the recovery.
        INTRODUCED_SRS introduced_SRs [set [ref "SR"]], Runtime, Published "rio";
    }

    messages {
        /// Attach the storage that matches, to look for recoverable metadata.
        create(type [string], device_config [map [string] [string]], whitelist [set [string]]) -> [ref "DR_task"], PoolOperator, Published "boston";
        /// End the recovery and detach the storage that nothing uses.
        destroy(self [ref "DR_task"]) -> [void], PoolOperator, Published "boston";
    }
}
