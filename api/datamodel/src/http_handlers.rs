//! The HTTP handlers of XenAPI beside the RPC paths, as data: where each is, who may use it, on which hosts it stands.
//!
//! Source: `tests/facts/http_handlers.json`; a test compares the two.

use crate::types::{Role, RoleFloor};

/// One handler. Its permission is `http/<name>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpHandler {
    /// Also the realm of its 401.
    pub name: &'static str,
    /// GET, PUT, POST, CONNECT or OPTIONS.
    pub method: &'static str,
    /// Requests match by the longest of these that their path begins with.
    pub uri: &'static str,
    pub floor: RoleFloor,
    /// False: anybody may use it, or it checks for itself.
    pub checked: bool,
    /// Narrower permissions within it (`http/<name>/<sub>`), with their lowest roles.
    pub sub_roles: &'static [(&'static str, Role)],
    pub coordinator_only: bool,
}

/// All handlers, by name.
pub fn http_handlers() -> &'static [HttpHandler] {
    HANDLERS
}

/// The handler of a request; `path` is without its query.
pub fn http_handler(method: &str, path: &str) -> Option<&'static HttpHandler> {
    HANDLERS
        .iter()
        .filter(|handler| handler.method == method && path.starts_with(handler.uri))
        .max_by_key(|handler| handler.uri.len())
}

const fn open(name: &'static str, method: &'static str, uri: &'static str) -> HttpHandler {
    HttpHandler {
        checked: false,
        ..checked(name, method, uri, Role::ReadOnly)
    }
}

const fn checked(name: &'static str, method: &'static str, uri: &'static str, role: Role) -> HttpHandler {
    HttpHandler {
        name,
        method,
        uri,
        floor: RoleFloor {
            role,
            or_client_cert: false,
        },
        checked: true,
        sub_roles: &[],
        coordinator_only: false,
    }
}

impl HttpHandler {
    const fn or_client_cert(mut self) -> HttpHandler {
        self.floor.or_client_cert = true;
        self
    }

    const fn with(mut self, sub_roles: &'static [(&'static str, Role)]) -> HttpHandler {
        self.sub_roles = sub_roles;
        self
    }

    const fn on_coordinator(mut self) -> HttpHandler {
        self.coordinator_only = true;
        self
    }
}

#[rustfmt::skip]
const HANDLERS: &[HttpHandler] = &[
    checked("connect_console", "CONNECT", "/console", Role::VmOperator).with(&[("host_console", Role::PoolAdmin)]),
    checked("connect_console_ws", "GET", "/console", Role::VmOperator).with(&[("host_console_ws", Role::PoolAdmin)]),
    checked("connect_remotecmd", "CONNECT", "/remotecmd", Role::PoolAdmin),
    checked("get_audit_log", "GET", "/audit_log", Role::ReadOnly),
    open("get_blob", "GET", "/blob"),
    checked("get_config_sync", "GET", "/sync_config_files", Role::PoolAdmin),
    checked("get_enabled_repository", "GET", "/repository/enabled", Role::PoolOperator).or_client_cert().on_coordinator(),
    checked("get_export", "GET", "/export", Role::VmAdmin),
    checked("get_export_metadata", "GET", "/export_metadata", Role::VmAdmin),
    checked("get_export_raw_vdi", "GET", "/export_raw_vdi", Role::VmAdmin),
    checked("get_host_backup", "GET", "/host_backup", Role::PoolAdmin),
    checked("get_host_logs_download", "GET", "/host_logs_download", Role::PoolOperator),
    checked("get_host_rrds", "GET", "/host_rrds", Role::ReadOnly),
    checked("get_host_updates", "GET", "/host_updates", Role::PoolOperator).or_client_cert(),
    open("get_pool_update_download", "GET", "/update/"),
    checked("get_pool_xml_db_sync", "GET", "/pool/xmldbdump", Role::PoolAdmin),
    checked("get_repository", "GET", "/repository", Role::LocalRoot).on_coordinator(),
    open("get_root", "GET", "/"),
    checked("get_services", "GET", "/services", Role::ReadOnly),
    checked("get_services_sm", "GET", "/services/SM", Role::VmPowerAdmin),
    checked("get_services_xenops", "GET", "/services/xenops", Role::VmPowerAdmin),
    checked("get_system_status", "GET", "/system-status", Role::PoolOperator),
    checked("get_updates", "GET", "/updates", Role::PoolOperator).or_client_cert().on_coordinator(),
    checked("get_vm_rrds", "GET", "/vm_rrds", Role::ReadOnly),
    checked("get_vncsnapshot", "GET", "/vncsnapshot", Role::VmOperator).with(&[("host_console", Role::PoolAdmin)]),
    checked("get_wlb_diagnostics", "GET", "/wlb_diagnostics", Role::ReadOnly),
    checked("get_wlb_report", "GET", "/wlb_report", Role::ReadOnly),
    checked("host_rrd", "GET", "/host_rrd", Role::ReadOnly),
    open("post_RPC2", "POST", "/RPC2"),
    open("post_cli", "POST", "/cli"),
    open("post_json", "POST", "/json"),
    open("post_json_options", "OPTIONS", "/json"),
    open("post_jsonrpc", "POST", "/jsonrpc"),
    open("post_jsonrpc_options", "OPTIONS", "/jsonrpc"),
    checked("post_remote_db_access", "POST", "/remote_db_access", Role::PoolAdmin).on_coordinator(),
    checked("post_remote_db_access_v2", "POST", "/remote_db_access_v2", Role::PoolAdmin).on_coordinator(),
    open("post_root", "POST", "/"),
    open("post_root_options", "OPTIONS", "/"),
    checked("post_services", "POST", "/services", Role::PoolAdmin),
    checked("post_services_sm", "POST", "/services/SM", Role::VmPowerAdmin),
    checked("post_services_xenops", "POST", "/services/xenops", Role::VmPowerAdmin).or_client_cert(),
    checked("put_blob", "PUT", "/blob", Role::VmPowerAdmin),
    checked("put_bundle", "PUT", "/bundle", Role::PoolOperator),
    checked("put_host_restore", "PUT", "/host_restore", Role::PoolAdmin),
    checked("put_import", "PUT", "/import", Role::VmAdmin),
    checked("put_import_metadata", "PUT", "/import_metadata", Role::VmAdmin),
    checked("put_import_raw_vdi", "PUT", "/import_raw_vdi", Role::VmAdmin),
    checked("put_messages", "PUT", "/messages", Role::VmPowerAdmin),
    checked("put_pool_patch_upload", "PUT", "/pool_patch_upload", Role::PoolOperator),
    checked("put_pool_xml_db_sync", "PUT", "/pool/xmldbdump", Role::PoolAdmin),
    checked("put_services", "PUT", "/services", Role::PoolAdmin),
    checked("put_services_sm", "PUT", "/services/SM", Role::VmPowerAdmin),
    checked("put_services_xenops", "PUT", "/services/xenops", Role::VmPowerAdmin).or_client_cert(),
    checked("rrd", "PUT", "/rrd", Role::PoolAdmin),
    checked("rrd_updates", "GET", "/rrd_updates", Role::ReadOnly),
    checked("sr_rrd", "GET", "/sr_rrd", Role::ReadOnly),
    checked("vm_rrd", "GET", "/vm_rrd", Role::ReadOnly),
];
