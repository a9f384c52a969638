//! `session`: see the class.

use crate::macros::words::*;

class! {
    session "session", Published "rio" { events: false, persist: false, get_all: false, writer: at(PoolAdmin) }

    fields {
        UUID uuid [string], Runtime, Published "rio";
        AUTH_USER_NAME auth_user_name [string] = text(""), Runtime, Published "midnight-ride";
        AUTH_USER_SID auth_user_sid [string] = text(""), Runtime, Published "george";
        CLIENT_CERTIFICATE client_certificate [bool] = flag(false), Runtime, Published "21.2.0";
        IS_LOCAL_SUPERUSER is_local_superuser [bool] = flag(false), Runtime, Published "george";
        LAST_ACTIVE last_active [datetime], Runtime, Published "rio";
        ORIGINATOR originator [string] = text(""), Runtime, Published "clearwater";
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        PARENT parent [ref "session"] = null(), Constructor, Published "midnight-ride";
        POOL pool [bool], Runtime, Published "rio";
        RBAC_PERMISSIONS rbac_permissions [set [string]] = set(&[]), Constructor, Published "midnight-ride";
        SUBJECT subject [ref "subject"] = null(), Runtime, Published "george";
        TASKS tasks [set [ref "task"]], Runtime, Published "midnight-ride";
        THIS_HOST this_host [ref "host"], Runtime, Published "rio";
        THIS_USER this_user [ref "user"], Runtime, Published "rio";
        VALIDATION_TIME validation_time [datetime] = date("19700101T00:00:00Z"), Runtime, Published "george";
    }

    messages {
        change_password(old_pwd [string], new_pwd [string]) -> [void], LocalRoot, Published "rio" { is_async: false };
        create_from_db_file(filename [string]) -> [ref "session"], LocalRoot, Published "dundee";
        get_all_subject_identifiers() -> [set [string]], ReadOnly, Published "george";
        local_logout() -> [void], PoolAdmin, Published "miami" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        login_with_password(uname [string], pwd [string], version [string] = text("1.1"), originator [string] = text("")) -> [ref "session"], ReadOnly, Published "rio" { errors: &["SESSION_AUTHENTICATION_FAILED", "HOST_IS_SLAVE"], is_async: false, secret: true, session: false, route: Route::Local, local_any_host: true };
        logout() -> [void], ReadOnly, Published "rio" { is_async: false };
        logout_subject_identifier(subject_identifier [string]) -> [void], PoolOperator, Published "george";
        slave_local_login(psecret [secretstring]) -> [ref "session"], PoolAdmin, Published "miami" { is_async: false, hidden: true, secret: true, session: false, route: Route::Local, emergency: true, local_any_host: true };
        slave_local_login_with_password(uname [string], pwd [string]) -> [ref "session"], PoolAdmin, Published "miami" { is_async: false, secret: true, session: false, route: Route::Local, emergency: true, local_any_host: true };
        slave_login(host [ref "host"], psecret [secretstring]) -> [ref "session"], PoolAdmin, Published "rio" { is_async: false, hidden: true, secret: true, session: false, route: Route::Local, local_any_host: true };
    }
}
