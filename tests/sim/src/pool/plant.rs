//! Bugs that are put in on purpose: each checker must find one.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum PoolPlant {
    #[default]
    None,
    /// Orders are read from what is not committed yet.
    OrdersFromTheHead,
    /// A host is declared dead while it lives.
    DeclaredDeadAlive,
    /// A machine that has started anew works old orders.
    NoWelcome,
    /// An operation that ends leaves its objects held.
    LeavesLocks,
    /// Claims on memory are not seen by the next start.
    NoClaims,
    /// A migration lets the destination write its disks while the source does.
    ActivatesEarly,
}
