//! Bugs that are put in on purpose: each checker must find one.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum PoolPlant {
    #[default]
    None,
    /// Orders are read from what is not committed yet.
    OrdersFromTheHead,
    /// A host that was declared dead alive is never told.
    DeadNeverTold,
    /// A machine that has started anew works old orders.
    NoWelcome,
    /// An operation that ends leaves its objects held.
    LeavesLocks,
    /// Claims on memory are not seen by the next start.
    NoClaims,
    /// What is left of a VM on a silent host is not counted.
    ForgetsRemains,
    /// Client's writes are acknowledged before they are committed.
    AcksEarly,
    /// An event stream that does not have the changes of VMs.
    MissesEvents,
    /// One end of relations is not read back.
    HalfRelations,
    /// Every device of a VM is said to be attached when it runs.
    AttachesAll,
    /// A task that has ended is never told so.
    TasksStay,
    /// Guest metrics stay when the guest is gone.
    KeepsGuests,
    /// What guests say is never written.
    LosesGuests,
    /// A migration lets the guest run on at its source.
    RunsTwice,
    /// A migration lets the destination write its disks while the source does.
    ActivatesEarly,
    /// Disks that are to be removed stay where they are.
    KeepsImages,
}
