//! What a client was told is done is in the rows, now and for ever (A2).

use crate::pool::world::World;
use xenith_datamodel::class;

pub fn check(world: &World) -> Option<String> {
    let column = class("VM")?.column("name_description")?;
    for (vm, newest) in &world.acked.notes {
        let found = world.committed.value(vm, column);
        let found = found.as_ref().and_then(|value| value.as_text()).unwrap_or_default();
        let number = found.parse::<u64>().unwrap_or_default();
        if number < *newest && !world.acked.reverted.contains(vm) {
            return Some(format!(
                "note {newest} on {} was acknowledged, {found:?} is there",
                vm.as_str()
            ));
        }
    }
    let tasks = class("task")?;
    let lost = world
        .acked
        .tasks
        .iter()
        .find(|task| !world.committed.contains(tasks, task));
    lost.map(|task| format!("task {} was acknowledged and is not there", task.as_str()))
}
