//! `task`: see the class.

use crate::macros::words::*;

class! {
    task "task", Published "rio" { persist: false }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        NAME_LABEL name_label [string] = text(""), Runtime, Published "rio" { db: Some("name__label") };
        NAME_DESCRIPTION name_description [string] = text(""), Runtime, Published "rio" { db: Some("name__description") };
        ALLOWED_OPERATIONS allowed_operations [set [enum TaskAllowedOperations]] = set(&[]), Runtime, Published "rio" { persist: false };
        CURRENT_OPERATIONS current_operations [map [string] [enum TaskAllowedOperations]] = map(&[]), Runtime, Published "rio" { persist: false };
        CREATED created [datetime], Runtime, Published "rio";
        FINISHED finished [datetime], Runtime, Published "rio";
        STATUS status [enum TaskStatusType], Runtime, Published "rio";
        RESIDENT_ON resident_on [ref "host"], Runtime, Published "rio";
        PROGRESS progress [float], Runtime, Published "rio";
        TYPE type [string], Runtime, Published "rio";
        RESULT result [string], Runtime, Published "rio";
        ERROR_INFO error_info [set [string]], Runtime, Published "rio";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), Runtime, Published "miami";
        SUBTASK_OF subtask_of [ref "task"] = reference(""), Runtime, Published "orlando";
        SUBTASKS subtasks [set [ref "task"]], Runtime, Published "orlando";
        BACKTRACE backtrace [string] = text("()"), Runtime, Published "dundee";
        EXTERNALPID externalpid [int], Runtime, Published "rio" { internal: true };
        FORWARDED forwarded [bool], Runtime, Published "rio" { internal: true };
        FORWARDED_TO forwarded_to [ref "host"], Runtime, Published "rio" { internal: true };
        SESSION session [ref "session"], Runtime, Published "rio" { internal: true };
        STUNNELPID stunnelpid [int], Runtime, Deprecated "rio" { internal: true };
    }

    messages {
        add_to_other_config(self [ref "task"], key [string], value [string]) -> [void], ReadOnly, Prototyped "25.8.0" { key_roles: &[("applies_to", at(VmOperator)), ("XenCenterUUID", at(VmOperator)), ("XenCenterMeddlingActionTitle", at(VmOperator))] };
        cancel(task [ref "task"]) -> [void], ReadOnly, Published "rio" { errors: &["OPERATION_NOT_ALLOWED"], route: Route::OwningHost, runs_on: "task.forwarded_to" };
        create(label [string], description [string]) -> [ref "task"], ReadOnly, Published "rio" { is_async: false };
        destroy(self [ref "task"]) -> [void], ReadOnly, Published "rio" { is_async: false };
        remove_from_other_config(self [ref "task"], key [string]) -> [void], ReadOnly, Prototyped "25.8.0" { key_roles: &[("applies_to", at(VmOperator)), ("XenCenterUUID", at(VmOperator)), ("XenCenterMeddlingActionTitle", at(VmOperator))] };
        set_error_info(self [ref "task"], value [set [string]]) -> [void], ReadOnly, Published "21.3.0" { is_async: false };
        set_other_config(self [ref "task"], value [map [string] [string]]) -> [void], ReadOnly, Prototyped "25.8.0";
        set_progress(self [ref "task"], value [float]) -> [void], ReadOnly, Published "stockholm" { is_async: false };
        set_result(self [ref "task"], value [string]) -> [void], ReadOnly, Published "21.3.0" { is_async: false };
        set_status(self [ref "task"], value [enum TaskStatusType]) -> [void], ReadOnly, Published "falcon" { is_async: false };
    }
}

enumeration! {
    TaskAllowedOperations "task_allowed_operations" { Cancel "cancel", Destroy "destroy" }
}

enumeration! {
    TaskStatusType "task_status_type" { Pending "pending", Success "success", Failure "failure", Cancelling "cancelling", Cancelled "cancelled" }
}
