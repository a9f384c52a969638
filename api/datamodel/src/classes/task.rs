//! `task`: its fields, messages and enumerations.

use crate::macros::words::*;

class! {
    /// A call in progress, or lately ended.
    task "task", Published "rio" { persist: false }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// Name for people; need not be unique.
        NAME_LABEL name_label [string] = text(""), Runtime, Published "rio" { db: Some("name__label") };
        /// Longer text for people.
        NAME_DESCRIPTION name_description [string] = text(""), Runtime, Published "rio" { db: Some("name__description") };
        /// Operations that would be accepted now; advisory.
        ALLOWED_OPERATIONS allowed_operations [set [enum TaskAllowedOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        /// Operations now in progress, by task.
        CURRENT_OPERATIONS current_operations [map [string] [enum TaskAllowedOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        /// When it began.
        CREATED created [datetime], Runtime, Published "rio";
        /// When it ended; the epoch until then.
        FINISHED finished [datetime], Runtime, Published "rio";
        /// Whether it has ended, and how.
        STATUS status [enum TaskStatusType], Runtime, Published "rio";
        /// The host that runs it.
        RESIDENT_ON resident_on [ref "host"], Runtime, Published "rio";
        /// Part done, 0 to 1.
        PROGRESS progress [float], Runtime, Published "rio";
        /// Type of the result, if it has one.
        TYPE type [string], Runtime, Published "rio";
        /// Result, as XML-RPC text.
        RESULT result [string], Runtime, Published "rio";
        /// Error code and parameters of a failure.
        ERROR_INFO error_info [set [string]], Runtime, Published "rio";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), Runtime, Published "miami";
        /// The task it is part of.
        SUBTASK_OF subtask_of [ref "task"] = reference(""), Runtime, Published "orlando";
        /// Tasks that are part of it.
        SUBTASKS subtasks [set [ref "task"]], Runtime, Published "orlando";
        /// Where a failure came from, for developers.
        BACKTRACE backtrace [string] = text("()"), Runtime, Published "dundee";
        /// Process that works on it.
        EXTERNALPID externalpid [int], Runtime, Published "rio" { internal: true };
        /// True if another host runs it.
        FORWARDED forwarded [bool], Runtime, Published "rio" { internal: true };
        /// That host.
        FORWARDED_TO forwarded_to [ref "host"], Runtime, Published "rio" { internal: true };
        /// The login that started it.
        SESSION session [ref "session"], Runtime, Published "rio" { internal: true };
        /// Former process of its connection.
        STUNNELPID stunnelpid [int], Runtime, Deprecated "rio" { internal: true };
    }

    messages {
        /// Add a key; some keys need a lower role.
        add_to_other_config(self [ref "task"], key [string], value [string]) -> [void], ReadOnly, Prototyped "25.8.0" { key_roles: &[("applies_to", at(VmOperator)), ("XenCenterUUID", at(VmOperator)), ("XenCenterMeddlingActionTitle", at(VmOperator))] };
        /// Ask it to stop; it may be too late.
        cancel(task [ref "task"]) -> [void], ReadOnly, Published "rio" { errors: &["OPERATION_NOT_ALLOWED"], route: Route::OwningHost, runs_on: "task.forwarded_to" };
        /// Make a task for work the client does.
        create(label [string], description [string]) -> [ref "task"], ReadOnly, Published "rio" { is_async: false };
        /// Remove it once it has ended.
        destroy(self [ref "task"]) -> [void], ReadOnly, Published "rio" { is_async: false };
        /// Remove a key; some keys need a lower role.
        remove_from_other_config(self [ref "task"], key [string]) -> [void], ReadOnly, Prototyped "25.8.0" { key_roles: &[("applies_to", at(VmOperator)), ("XenCenterUUID", at(VmOperator)), ("XenCenterMeddlingActionTitle", at(VmOperator))] };
        /// Record the error of a client's task.
        set_error_info(self [ref "task"], value [set [string]]) -> [void], ReadOnly, Published "21.3.0" { is_async: false };
        /// Replace the map; some keys need a lower role.
        set_other_config(self [ref "task"], value [map [string] [string]]) -> [void], ReadOnly, Prototyped "25.8.0";
        /// Record the progress of a client's task.
        set_progress(self [ref "task"], value [float]) -> [void], ReadOnly, Published "stockholm" { is_async: false };
        /// Record the result of a client's task.
        set_result(self [ref "task"], value [string]) -> [void], ReadOnly, Published "21.3.0" { is_async: false };
        /// Record the status of a client's task.
        set_status(self [ref "task"], value [enum TaskStatusType]) -> [void], ReadOnly, Published "falcon" { is_async: false };
    }
}

enumeration! {
    /// Operations on a task.
    TaskAllowedOperations "task_allowed_operations" { Cancel "cancel", Destroy "destroy" }
}

enumeration! {
    /// Whether a task has ended, and how.
    TaskStatusType "task_status_type" { Pending "pending", Success "success", Failure "failure", Cancelling "cancelling", Cancelled "cancelled" }
}
