//! Task headers of a request.

use xenith_classes::task::Header;
use xenith_datamodel::Ref;
use xenith_wire::Call;

pub(crate) fn header(call: &Call) -> Header {
    Header {
        subtask_of: call.subtask_of.as_ref().map(Ref::new),
        other_config: call.task_other_config.clone(),
    }
}
