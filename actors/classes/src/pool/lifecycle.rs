//! What the pool may be held for (allowed_operations.md, pool).

use crate::rows;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

/// Operations that refuse each other, and what the others are told while one is under way.
const BLOCKING: &[(&str, &str)] = &[
    ("ha_enable", "HA_ENABLE_IN_PROGRESS"),
    ("ha_disable", "HA_DISABLE_IN_PROGRESS"),
    ("cluster_create", "CLUSTER_CREATE_IN_PROGRESS"),
    ("designate_new_master", "DESIGNATE_NEW_MASTER_IN_PROGRESS"),
    ("tls_verification_enable", "TLS_VERIFICATION_ENABLE_IN_PROGRESS"),
    ("configure_repositories", "CONFIGURE_REPOSITORIES_IN_PROGRESS"),
    ("sync_updates", "SYNC_UPDATES_IN_PROGRESS"),
    ("sync_bundle", "SYNC_BUNDLE_IN_PROGRESS"),
    ("apply_updates", "APPLY_UPDATES_IN_PROGRESS"),
];
/// Operations that wait for whatever is under way, and are waited for.
const WAITING: &[&str] = &[
    "cert_refresh",
    "exchange_certificates_on_join",
    "exchange_ca_certificates_on_join",
    "copy_primary_host_certs",
    "eject",
    "get_updates",
    "exchange_crls_on_join",
];

/// What the decision looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub pool: Ref,
    pub ha_enabled: bool,
    pub cluster_stack: String,
    pub has_cluster: bool,
    /// (task, operation)
    pub current: Vec<(String, String)>,
}

impl Facts {
    /// A pool without HA and clusters, with nothing under way.
    pub fn idle(pool: &Ref) -> Facts {
        Facts {
            pool: pool.clone(),
            ha_enabled: false,
            cluster_stack: String::new(),
            has_cluster: false,
            current: Vec::new(),
        }
    }

    pub fn of(view: &View, pool: &Ref) -> Result<Facts, ApiError> {
        let current = rows::value(view, "pool", pool, "current_operations")?;
        let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
        let current = current.as_map().unwrap_or_default().iter();
        Ok(Facts {
            pool: pool.clone(),
            ha_enabled: rows::boolean(view, "pool", pool, "ha_enabled")?,
            cluster_stack: rows::text(view, "pool", pool, "ha_cluster_stack")?,
            has_cluster: !rows::all(view, "Cluster")?.is_empty(),
            current: current.map(|(task, operation)| (text(task), text(operation))).collect(),
        })
    }

    /// The value of the field `allowed_operations`.
    pub fn allowed_operations(&self) -> Value {
        let blocking = BLOCKING.iter().map(|(operation, _)| operation);
        let all = blocking.chain(WAITING);
        let allowed = all.filter(|operation| self.check(operation).is_ok());
        Value::set(allowed.map(Value::text))
    }

    pub fn check(&self, operation: &str) -> Result<(), ApiError> {
        let is_blocking = BLOCKING.iter().any(|(name, _)| *name == operation);
        let held = |name: &str| self.current.iter().any(|(_, current)| current == name);
        let blocks = BLOCKING.iter().find(|(name, _)| held(name));
        let waits = self
            .current
            .iter()
            .find(|(_, current)| WAITING.contains(&current.as_str()));
        match (blocks, waits) {
            (Some((_, told)), _) if is_blocking => Err(ApiError::plain(told)),
            (None, None) => self.check_idle(operation),
            (Some(_), waits) | (None, waits @ Some(_)) => Err(self.busy(waits)),
        }
    }

    fn busy(&self, with: Option<&(String, String)>) -> ApiError {
        let mut params = vec!["pool".to_owned(), self.pool.as_str().to_owned()];
        if let Some((task, operation)) = with {
            params.extend([operation.clone(), task.clone()]);
        }
        ApiError::new("OTHER_OPERATION_IN_PROGRESS", params)
    }

    fn check_idle(&self, operation: &str) -> Result<(), ApiError> {
        match operation {
            "ha_enable" | "tls_verification_enable" if self.ha_enabled => Err(ApiError::plain("HA_IS_ENABLED")),
            "ha_disable" if !self.ha_enabled => Err(ApiError::plain("HA_NOT_ENABLED")),
            "cluster_create" if self.has_cluster => Err(ApiError::plain("CLUSTER_ALREADY_EXISTS")),
            "cluster_create" if self.ha_enabled => {
                let params = [self.cluster_stack.clone()];
                Err(ApiError::new("INCOMPATIBLE_CLUSTER_STACK_ACTIVE", params))
            }
            _ => Ok(()),
        }
    }
}
