//! What every driver behind [`StorageDriver`] must do, run by each driver's own tests. Knows no clock: who runs it sets a limit.

use crate::{Found, SrId, StorageDriver, StorageEffect, StorageError, Use, VdiId};

/// Where a driver is tried.
pub trait Lab: Sync {
    type Driver: StorageDriver;

    /// A host's storage; the same, or another view of it, at each call.
    fn driver(&self) -> Self::Driver;

    /// A repository with some 100 MiB free.
    fn sr(&self) -> SrId;

    /// A second repository of the same host with as much room; without one nothing is said of two.
    fn other_sr(&self) -> Option<SrId>;

    /// The same repository on another host; without one nothing is said of two hosts.
    fn peer(&self) -> Option<Self::Driver>;
}

/// What a driver does not do as it should.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

type Check = Result<(), Broken>;
type Worked = Result<Option<Found>, StorageError>;

const MIB: i64 = 1 << 20;
const ONE: &str = "5a1c0de0-0000-4000-8000-000000000001";
const OTHER: &str = "5a1c0de0-0000-4000-8000-000000000002";

/// All checks, one after the other; each leaves nothing behind when it passes.
pub async fn conformance(lab: &impl Lab) -> Check {
    from_create_to_destroy(lab).await?;
    what_cannot_be_done_is_refused(lab).await?;
    a_clone_is_a_disk_of_its_own(lab).await?;
    a_disk_in_use_has_snapshots(lab).await?;
    a_disk_is_filled_from_another(lab).await?;
    if let Some(other) = lab.other_sr() {
        a_copy_goes_to_another_repository(lab, other).await?;
    }
    a_disk_is_written_by_one(lab).await?;
    if let Some(peer) = lab.peer() {
        a_disk_is_written_on_one_host(lab, &peer).await?;
    }
    Ok(())
}

async fn from_create_to_destroy(lab: &impl Lab) -> Check {
    let (driver, vdi) = (lab.driver(), vdi(lab, "life"));
    let made = twice(&driver, create(&vdi, MIB)).await?;
    ensure("a new disk is as large as asked", size_of(&made) == Some(MIB))?;
    ensure("a new disk is listed", listed(&driver, &vdi).await?)?;
    let on = by(&vdi, ONE);
    twice(&driver, attach(&on, false)).await?;
    ensure(
        "an attached disk is not active",
        active(&driver, &on).await? == Some(false),
    )?;
    twice(&driver, StorageEffect::VdiActivate(on.clone())).await?;
    ensure("it is active then", active(&driver, &on).await? == Some(true))?;
    in_use(
        "destroy of a disk in use",
        work(&driver, StorageEffect::VdiDestroy(vdi.clone())).await,
    )?;
    twice(&driver, StorageEffect::VdiDeactivate(on.clone())).await?;
    ensure("it is attached yet", active(&driver, &on).await? == Some(false))?;
    twice(&driver, StorageEffect::VdiDetach(on.clone())).await?;
    ensure("it is detached", active(&driver, &on).await?.is_none())?;
    let larger = StorageEffect::VdiResize {
        vdi: vdi.clone(),
        size_bytes: 2 * MIB,
    };
    ensure("it grows", size_of(&twice(&driver, larger).await?) == Some(2 * MIB))?;
    twice(&driver, StorageEffect::VdiDestroy(vdi.clone())).await?;
    ensure("a destroyed disk is not listed", !listed(&driver, &vdi).await?)
}

async fn what_cannot_be_done_is_refused(lab: &impl Lab) -> Check {
    let (driver, missing) = (lab.driver(), vdi(lab, "missing"));
    let on = by(&missing, ONE);
    for effect in [
        attach(&on, true),
        StorageEffect::VdiResize {
            vdi: missing.clone(),
            size_bytes: MIB,
        },
        clone(&missing, &vdi(lab, "to")),
        snapshot(&missing, &vdi(lab, "to")),
        copy(&missing, &vdi(lab, "to")),
        fill(&missing, &vdi(lab, "to")),
    ] {
        let result = work(&driver, effect.clone()).await;
        let no_vdi = matches!(result, Err(StorageError::NoVdi(_)));
        ensure(&format!("{effect:?} of no disk is NoVdi, not {result:?}"), no_vdi)?;
    }
    bad_state(
        "activate before attach",
        work(&driver, StorageEffect::VdiActivate(on.clone())).await,
    )?;
    twice(&driver, StorageEffect::VdiDeactivate(on.clone())).await?;
    twice(&driver, StorageEffect::VdiDetach(on)).await?;
    let elsewhere = SrId("5a1c0de0-0000-4000-8000-00000000dead".to_owned());
    let result = work(&driver, StorageEffect::SrScan(elsewhere)).await;
    ensure("no repository is NoSr", matches!(result, Err(StorageError::NoSr(_))))?;
    let result = work(&driver, create(&missing, i64::MAX / 2)).await;
    ensure(
        "a disk too large is Full",
        matches!(result, Err(StorageError::Full { .. })),
    )?;
    twice(&driver, create(&missing, MIB)).await?;
    bad_state(
        "another size at the same place",
        work(&driver, create(&missing, 2 * MIB)).await,
    )?;
    let smaller = StorageEffect::VdiResize {
        vdi: missing.clone(),
        size_bytes: MIB / 2,
    };
    bad_state("to make it smaller", work(&driver, smaller).await)?;
    let on = by(&missing, ONE);
    twice(&driver, attach(&on, true)).await?;
    bad_state("attach in another mode", work(&driver, attach(&on, false)).await)?;
    twice(&driver, StorageEffect::VdiDetach(on)).await?;
    twice(&driver, StorageEffect::VdiDestroy(missing)).await.map(drop)
}

async fn a_clone_is_a_disk_of_its_own(lab: &impl Lab) -> Check {
    let (driver, from) = (lab.driver(), vdi(lab, "from"));
    twice(&driver, create(&from, MIB)).await?;
    for (name, effect) in [("clone", clone as fn(&VdiId, &VdiId) -> StorageEffect), ("copy", copy)] {
        let to = vdi(lab, name);
        let made = twice(&driver, effect(&from, &to)).await?;
        ensure("a copy is as large", size_of(&made) == Some(MIB))?;
        ensure("a copy is listed", listed(&driver, &to).await?)?;
        twice(&driver, StorageEffect::VdiDestroy(to)).await?;
    }
    ensure("the original stays", listed(&driver, &from).await?)?;
    twice(&driver, StorageEffect::VdiDestroy(from)).await.map(drop)
}

/// Where it is written, and on another host of the same repository.
async fn a_disk_in_use_has_snapshots(lab: &impl Lab) -> Check {
    let (driver, from) = (lab.driver(), vdi(lab, "in-use"));
    twice(&driver, create(&from, MIB)).await?;
    let on = by(&from, ONE);
    twice(&driver, attach(&on, false)).await?;
    twice(&driver, StorageEffect::VdiActivate(on.clone())).await?;
    let to = vdi(lab, "snapshot");
    let made = twice(&driver, snapshot(&from, &to)).await?;
    ensure("a snapshot is as large", size_of(&made) == Some(MIB))?;
    ensure("a snapshot is listed", listed(&driver, &to).await?)?;
    ensure("it is written yet", active(&driver, &on).await? == Some(true))?;
    if let Some(peer) = lab.peer() {
        let there = vdi(lab, "snapshot-there");
        twice(&peer, snapshot(&from, &there)).await?;
        ensure("its snapshot is listed", listed(&driver, &there).await?)?;
        twice(&peer, StorageEffect::VdiDestroy(there)).await?;
    }
    twice(&driver, StorageEffect::VdiDetach(on)).await?;
    twice(&driver, StorageEffect::VdiDestroy(from)).await?;
    ensure("a snapshot outlives its disk", listed(&driver, &to).await?)?;
    twice(&driver, StorageEffect::VdiDestroy(to)).await.map(drop)
}

async fn a_disk_is_filled_from_another(lab: &impl Lab) -> Check {
    let (driver, from, to) = (lab.driver(), vdi(lab, "full"), vdi(lab, "filled"));
    twice(&driver, create(&from, MIB)).await?;
    twice(&driver, create(&to, 2 * MIB)).await?;
    let made = twice(&driver, fill(&from, &to)).await?;
    ensure("a filled disk is as large as it was", size_of(&made) == Some(2 * MIB))?;
    bad_state("to fill a smaller one", work(&driver, fill(&to, &from)).await)?;
    let on = by(&to, ONE);
    twice(&driver, attach(&on, false)).await?;
    twice(&driver, StorageEffect::VdiActivate(on.clone())).await?;
    in_use("to fill one in use", work(&driver, fill(&from, &to)).await)?;
    if let Some(peer) = lab.peer() {
        in_use("to fill one in use elsewhere", work(&peer, fill(&from, &to)).await)?;
    }
    twice(&driver, StorageEffect::VdiDetach(on)).await?;
    for vdi in [from, to] {
        twice(&driver, StorageEffect::VdiDestroy(vdi)).await?;
    }
    Ok(())
}

async fn a_copy_goes_to_another_repository(lab: &impl Lab, other: SrId) -> Check {
    let (driver, from) = (lab.driver(), vdi(lab, "here"));
    let to = VdiId {
        sr: other,
        location: from.location.clone(),
    };
    twice(&driver, create(&from, MIB)).await?;
    let cloned = work(&driver, clone(&from, &to)).await;
    ensure(
        "a clone stays where it is",
        matches!(cloned, Err(StorageError::NotSupported)),
    )?;
    let made = twice(&driver, copy(&from, &to)).await?;
    ensure("a copy there is as large", size_of(&made) == Some(MIB))?;
    twice(&driver, fill(&from, &to)).await?;
    for vdi in [from, to] {
        ensure("both are listed", listed(&driver, &vdi).await?)?;
        twice(&driver, StorageEffect::VdiDestroy(vdi)).await?;
    }
    Ok(())
}

async fn a_disk_is_written_by_one(lab: &impl Lab) -> Check {
    let (driver, vdi) = (lab.driver(), vdi(lab, "one-writer"));
    twice(&driver, create(&vdi, MIB)).await?;
    let (one, other) = (by(&vdi, ONE), by(&vdi, OTHER));
    twice(&driver, attach(&one, false)).await?;
    twice(&driver, StorageEffect::VdiActivate(one.clone())).await?;
    twice(&driver, attach(&other, true)).await?;
    let second = work(&driver, StorageEffect::VdiActivate(other.clone())).await;
    in_use("a second user beside one that writes", second)?;
    twice(&driver, StorageEffect::VdiDetach(one.clone())).await?;
    twice(&driver, StorageEffect::VdiActivate(other.clone())).await?;
    twice(&driver, attach(&one, true)).await?;
    twice(&driver, StorageEffect::VdiActivate(one.clone())).await?;
    for on in [one, other] {
        twice(&driver, StorageEffect::VdiDetach(on)).await?;
    }
    twice(&driver, StorageEffect::VdiDestroy(vdi)).await.map(drop)
}

/// A VM on its way: attached on both hosts, active on one.
async fn a_disk_is_written_on_one_host(lab: &impl Lab, there: &impl StorageDriver) -> Check {
    let (here, vdi) = (lab.driver(), vdi(lab, "one-host"));
    twice(&here, create(&vdi, MIB)).await?;
    let on = by(&vdi, ONE);
    let activate = || StorageEffect::VdiActivate(on.clone());
    twice(&here, attach(&on, false)).await?;
    twice(there, attach(&on, false)).await?;
    twice(&here, activate()).await?;
    in_use("activate on a second host", work(there, activate()).await)?;
    twice(&here, StorageEffect::VdiDeactivate(on.clone())).await?;
    twice(there, activate()).await?;
    in_use("activate where it was before", work(&here, activate()).await)?;
    twice(there, StorageEffect::VdiDetach(on.clone())).await?;
    twice(&here, activate()).await?;
    twice(&here, StorageEffect::VdiDetach(on.clone())).await?;
    twice(&here, StorageEffect::VdiDestroy(vdi)).await.map(drop)
}

fn vdi(lab: &impl Lab, name: &str) -> VdiId {
    VdiId {
        sr: lab.sr(),
        location: format!("conformance-{name}"),
    }
}

fn by(vdi: &VdiId, user: &str) -> Use {
    Use {
        vdi: vdi.clone(),
        by: user.to_owned(),
    }
}

fn create(vdi: &VdiId, size_bytes: i64) -> StorageEffect {
    StorageEffect::VdiCreate {
        vdi: vdi.clone(),
        size_bytes,
    }
}

fn clone(from: &VdiId, to: &VdiId) -> StorageEffect {
    let (from, to) = (from.clone(), to.clone());
    StorageEffect::VdiClone { from, to }
}

fn snapshot(from: &VdiId, to: &VdiId) -> StorageEffect {
    let (from, to) = (from.clone(), to.clone());
    StorageEffect::VdiSnapshot { from, to }
}

fn fill(from: &VdiId, to: &VdiId) -> StorageEffect {
    let (from, to) = (from.clone(), to.clone());
    StorageEffect::VdiFill { from, to }
}

fn copy(from: &VdiId, to: &VdiId) -> StorageEffect {
    let (from, to) = (from.clone(), to.clone());
    StorageEffect::VdiCopy { from, to }
}

fn attach(on: &Use, read_only: bool) -> StorageEffect {
    let on = on.clone();
    StorageEffect::VdiAttach { on, read_only }
}

fn size_of(found: &Option<Found>) -> Option<i64> {
    match found {
        Some(Found::Vdi(vdi)) => Some(vdi.size_bytes),
        Some(Found::Sr(_)) | None => None,
    }
}

async fn work(driver: &impl StorageDriver, effect: StorageEffect) -> Worked {
    driver.work(effect, Box::pin(std::future::pending())).await
}

/// Works the step, and once more: that changes nothing.
async fn twice(driver: &impl StorageDriver, effect: StorageEffect) -> Result<Option<Found>, Broken> {
    let mut found = Vec::new();
    for time in ["", " again"] {
        let result = work(driver, effect.clone()).await;
        found.push(result.map_err(|error| Broken(format!("{effect:?}{time}: {error}")))?);
    }
    ensure(
        &format!("{effect:?} again tells the same"),
        found.first() == found.get(1),
    )?;
    Ok(found.remove(0))
}

async fn listed(driver: &impl StorageDriver, vdi: &VdiId) -> Result<bool, Broken> {
    match work(driver, StorageEffect::SrScan(vdi.sr.clone())).await {
        Ok(Some(Found::Sr(sr))) => Ok(sr.vdis.iter().any(|there| there.location == vdi.location)),
        other => Err(Broken(format!("a scan tells {other:?}"))),
    }
}

/// Whether the attachment is active; nothing, if there is none.
async fn active(driver: &impl StorageDriver, on: &Use) -> Result<Option<bool>, Broken> {
    let all = driver.attachments().await;
    let all = all.map_err(|error| Broken(format!("the list of attachments: {error}")))?;
    Ok(all.into_iter().find(|held| held.on == *on).map(|held| held.is_active))
}

fn in_use(what: &str, result: Worked) -> Check {
    let in_use = matches!(result, Err(StorageError::InUse(_)));
    ensure(&format!("{what} is InUse, not {result:?}"), in_use)
}

fn bad_state(what: &str, result: Worked) -> Check {
    let bad_state = matches!(result, Err(StorageError::BadState(_)));
    ensure(&format!("{what} is BadState, not {result:?}"), bad_state)
}

fn ensure(what: &str, holds: bool) -> Check {
    if holds { Ok(()) } else { Err(Broken(what.to_owned())) }
}
