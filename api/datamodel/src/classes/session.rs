//! `session`: its fields, messages.

use crate::macros::words::*;

class! {
    /// A login.
    session "session", Published "rio" { events: false, persist: false, get_all: false, writer: at(PoolAdmin) }

    fields {
        /// Unique identifier.
        UUID uuid [string], Runtime, Published "rio";
        /// User name, as the directory spells it.
        AUTH_USER_NAME auth_user_name [string] = text(""), Runtime, Published "midnight-ride";
        /// The user's identifier in the directory.
        AUTH_USER_SID auth_user_sid [string] = text(""), Runtime, Published "george";
        /// True if the login was by certificate.
        CLIENT_CERTIFICATE client_certificate [bool] = flag(false), Runtime, Published "21.2.0";
        /// True for a local root login; every call is allowed.
        IS_LOCAL_SUPERUSER is_local_superuser [bool] = flag(false), Runtime, Published "george";
        /// When it was last used.
        LAST_ACTIVE last_active [datetime], Runtime, Published "rio";
        /// Name the client gave itself.
        ORIGINATOR originator [string] = text(""), Runtime, Published "clearwater";
        /// Free keys and values for clients and for rare settings.
        OTHER_CONFIG other_config [map [string] [string]] = map(&[]), ReadWrite, Published "miami";
        /// The login that made this one.
        PARENT parent [ref "session"] = null(), Constructor, Published "midnight-ride";
        /// True for a login of one host at another.
        POOL pool [bool], Runtime, Published "rio";
        /// Permissions it was given at login.
        RBAC_PERMISSIONS rbac_permissions [set [string]] = set(&[]), Constructor, Published "midnight-ride";
        /// The subject that let the user in.
        SUBJECT subject [ref "subject"] = null(), Runtime, Published "george";
        /// Tasks started in it.
        TASKS tasks [set [ref "task"]], Runtime, Published "midnight-ride";
        /// The host that took the login.
        THIS_HOST this_host [ref "host"], Runtime, Published "rio";
        /// Local user; no longer written.
        THIS_USER this_user [ref "user"], Runtime, Published "rio";
        /// When the directory was last asked about the user.
        VALIDATION_TIME validation_time [datetime] = date("19700101T00:00:00Z"), Runtime, Published "george";
    }

    messages {
        /// Change the root password of every host.
        change_password(old_pwd [string], new_pwd [string]) -> [void], LocalRoot, Published "rio" { is_async: false };
        /// Log in to a database file, to look around in it.
        create_from_db_file(filename [string]) -> [ref "session"], LocalRoot, Published "dundee";
        /// Directory identifiers of all users logged in.
        get_all_subject_identifiers() -> [set [string]], ReadOnly, Published "george";
        /// End an emergency login.
        local_logout() -> [void], PoolAdmin, Published "miami" { is_async: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Log in.
        login_with_password(uname [string], pwd [string], version [string] = text("1.1"), originator [string] = text("")) -> [ref "session"], ReadOnly, Published "rio" { errors: &["SESSION_AUTHENTICATION_FAILED", "HOST_IS_SLAVE"], is_async: false, secret: true, session: false, route: Route::Local, local_any_host: true };
        /// End the login.
        logout() -> [void], ReadOnly, Published "rio" { is_async: false };
        /// End every login of a directory user.
        logout_subject_identifier(subject_identifier [string]) -> [void], PoolOperator, Published "george";
        /// Log in to one host with the pool secret, also in an emergency.
        slave_local_login(psecret [secretstring]) -> [ref "session"], PoolAdmin, Published "miami" { is_async: false, hidden: true, secret: true, session: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Log in to one host, also in an emergency.
        slave_local_login_with_password(uname [string], pwd [string]) -> [ref "session"], PoolAdmin, Published "miami" { is_async: false, secret: true, session: false, route: Route::Local, emergency: true, local_any_host: true };
        /// Log in as a host of the pool.
        slave_login(host [ref "host"], psecret [secretstring]) -> [ref "session"], PoolAdmin, Published "rio" { is_async: false, hidden: true, secret: true, session: false, route: Route::Local, local_any_host: true };
    }
}
