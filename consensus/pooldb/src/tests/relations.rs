//! Both ends of relations.

use super::*;

#[test]
fn a_ref_shows_in_the_computed_set_of_its_owner() {
    let view = create(&View::default(), "VM", "vm", &[]);
    let view = create(&view, "VBD", "b", &[("VM", r("vm").into())]);
    let view = create(&view, "VBD", "a", &[("VM", r("vm").into())]);
    assert_eq!(view.value(&r("vm"), column("VM.VBDs")), Some(refs(&["a", "b"])));
    assert_eq!(
        view.record(id("VM"), &r("vm")).unwrap().member("VBDs"),
        Some(&refs(&["a", "b"]))
    );
    assert_eq!(
        view.generations(id("VM"), &r("vm")),
        Some((1, 5)),
        "the owner is modified with each"
    );
    let view = destroy(&view, "VBD", "b");
    assert_eq!(view.value(&r("vm"), column("VM.VBDs")), Some(refs(&["a"])));
}

#[test]
fn moving_a_ref_modifies_both_owners() {
    let view = create(&create(&View::default(), "VM", "x", &[]), "VM", "y", &[]);
    let view = create(&view, "VBD", "b", &[("VM", r("x").into())]);
    let before = view.generation();
    let view = set(&view, "VBD.VM", "b", r("y"));
    assert_eq!(view.value(&r("x"), column("VM.VBDs")), Some(refs(&[])));
    assert_eq!(view.value(&r("y"), column("VM.VBDs")), Some(refs(&["b"])));
    for owner in ["x", "y"] {
        assert!(view.generations(id("VM"), &r(owner)).unwrap().1 > before);
    }
}

#[test]
fn an_owner_made_later_sees_the_refs_that_waited() {
    let view = create(&View::default(), "VBD", "b", &[("VM", r("vm").into())]);
    let view = create(&view, "VM", "vm", &[]);
    assert_eq!(view.value(&r("vm"), column("VM.VBDs")), Some(refs(&["b"])));
    let view = destroy(&view, "VM", "vm");
    assert_eq!(
        view.value(&r("b"), column("VBD.VM")),
        Some(r("vm").into()),
        "a dead ref stays"
    );
    let view = create(&view, "VM", "vm", &[]);
    assert_eq!(view.value(&r("vm"), column("VM.VBDs")), Some(refs(&["b"])));
}

#[test]
fn both_ends_of_many_to_many_are_kept() {
    let view = create(&create(&View::default(), "VM", "v", &[]), "VM_group", "g", &[]);
    let view = set(&view, "VM.groups", "v", refs(&["g"]));
    assert_eq!(view.value(&r("g"), column("VM_group.VMs")), Some(refs(&["v"])));
    let other = set(&view, "VM_group.VMs", "g", refs(&[]));
    assert_eq!(other.value(&r("v"), column("VM.groups")), Some(refs(&[])));
    let gone = destroy(&view, "VM", "v");
    assert_eq!(gone.value(&r("g"), column("VM_group.VMs")), Some(refs(&[])));
    let added = applied(&gone, |transaction| {
        transaction.create(id("VM"), &r("w"), vec![]);
        transaction.add(&r("g"), column("VM_group.VMs"), None, r("w").into());
    });
    assert_eq!(added.value(&r("w"), column("VM.groups")), Some(refs(&["g"])));
}

#[test]
fn many_to_many_waits_for_a_row_made_later() {
    let view = create(&View::default(), "VM", "v", &[("groups", refs(&["g"]))]);
    let view = create(&view, "VM_group", "g", &[]);
    assert_eq!(view.value(&r("g"), column("VM_group.VMs")), Some(refs(&["v"])));
    let view = set(&view, "VM.groups", "v", refs(&[]));
    assert_eq!(view.value(&r("g"), column("VM_group.VMs")), Some(refs(&[])));
}

#[test]
fn roles_do_not_pair_up() {
    let view = create(&View::default(), "role", "permission", &[]);
    let view = create(&view, "role", "admin", &[("subroles", refs(&["permission"]))]);
    assert_eq!(view.value(&r("permission"), column("role.subroles")), Some(refs(&[])));
}
