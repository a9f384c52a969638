//! VM.provision: a copy of a template becomes a VM, with the disks that its `other_config` asks for.
//!
//! ```text
//!  Begun: no disks asked for ──► a VM, the end
//! ```
//!
//! A template that asks for disks is refused until storage makes them: [`provision_spec`](super::provision_spec) reads what they are to be.

use super::{provision_spec, setters};
use crate::operation::{Event, Lock, Next, Operation, Request, StepCx};
use crate::{Args, rows};
use serde::{Deserialize, Serialize};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::View;

/// Keys of `other_config`: the disks as XML, and a script to be run once.
const DISKS: &str = "disks";
const SCRIPT: &str = "postinstall";

#[derive(Debug, Serialize, Deserialize)]
pub struct Provision {
    vm: Ref,
}

pub fn ask(_: &View, args: Args<'_>) -> Result<Request, ApiError> {
    let vm = args.reference(0)?;
    Request::new(&Provision { vm: vm.clone() }, vec![Lock::new("VM", vm, "provision")])
}

impl Operation for Provision {
    const KIND: &'static str = "VM.provision";

    fn step(self, cx: &mut StepCx<'_>, event: Event) -> Result<Next<Provision>, ApiError> {
        match event {
            Event::Begun => {}
            Event::Worked(_) | Event::Failed { .. } | Event::HostLost | Event::VmLost | Event::PeerLost => {
                return Err(ApiError::internal("to provision a VM without disks asks no host"));
            }
        }
        let config = |key| rows::map_text(cx.view, "VM", &self.vm, "other_config", key);
        // xapi runs such scripts in the control domain, those of a list that is empty today.
        if config(SCRIPT)?.is_some() {
            return Err(ApiError::new(crate::NOT_BUILT, ["a script after the installation"]));
        }
        let disks = config(DISKS)?.map(|text| provision_spec::read(&text)).transpose()?;
        if !disks.unwrap_or_default().is_empty() {
            return Err(ApiError::new(crate::NOT_BUILT, ["to provision disks"]));
        }
        setters::changes_for_template(cx.view, &mut *cx.ids, cx.tx, (&self.vm, false))?;
        let column = rows::column("VM", "other_config")?;
        cx.tx.remove(&self.vm, column, Value::text(DISKS));
        Ok(Next::End(Ok(Value::Void)))
    }
}
