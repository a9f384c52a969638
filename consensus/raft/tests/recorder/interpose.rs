//! The recorder: this binary's own `open64`, `pwrite64`, `fdatasync`, … take the place of libc's for everything linked into it,
//! sled and std included. They do the call, and note it when it touches a folder under record.
//!
//! fsync, fdatasync and sync_file_range are noted but not made: what they would have kept is what `replay` computes.

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One call, in the order of the calls. Files are named by their `open`.
#[derive(Clone, Debug)]
pub enum Event {
    Open {
        path: String,
        open: usize,
        truncate: bool,
    },
    Write {
        open: usize,
        offset: u64,
        bytes: Vec<u8>,
    },
    SetLen {
        open: usize,
        len: u64,
    },
    Sync {
        open: usize,
    },
    Rename {
        from: String,
        to: String,
    },
    Unlink {
        path: String,
    },
    MakeFolder {
        path: String,
    },
    RemoveFolder {
        path: String,
    },
    /// From now on the names in this folder are durable at once.
    KeepNames {
        path: String,
    },
    /// The test's own: so many steps are accepted.
    Accepted(usize),
    /// The test's own: so many steps are acknowledged.
    Acknowledged(usize),
}

/// Which syncs the recorder pretends not to see, to show that the checker finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    None,
    /// fdatasync of files of this name is not a sync.
    Skip(&'static str),
    /// No fdatasync is a sync.
    SkipAll,
}

/// How many calls of each kind were caught, to show that they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caught {
    pub opens: usize,
    pub pwrites: usize,
    pub writes: usize,
    pub fsyncs: usize,
    pub fdatasyncs: usize,
    pub range_syncs: usize,
    pub renames: usize,
    pub unlinks: usize,
    pub folders: usize,
    pub truncates: usize,
}

struct Record {
    root: String,
    sabotage: Sabotage,
    busy: bool,
    events: Vec<Event>,
    caught: Caught,
    opens: usize,
}

#[derive(Default)]
struct State {
    next: usize,
    records: HashMap<usize, Record>,
    files: HashMap<c_int, OpenFile>,
}

#[derive(Clone)]
struct OpenFile {
    record: usize,
    open: usize,
    name: String,
    /// For `write`, which goes on from where it was.
    position: u64,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

/// A recording under way.
pub struct Recording(usize);

impl Recording {
    pub fn start(root: &Path, sabotage: Sabotage, busy: bool) -> Self {
        let root = root.canonicalize().expect("the folder is there");
        let root = root.to_str().expect("a readable path").to_owned();
        let mut guard = lock();
        let state = guard.get_or_insert_default();
        state.next += 1;
        let record = Record {
            root,
            sabotage,
            busy,
            events: Vec::new(),
            caught: Caught::default(),
            opens: 0,
        };
        state.records.insert(state.next, record);
        Self(state.next)
    }

    pub fn note(&self, event: Event) {
        if let Some(record) = lock().as_mut().and_then(|state| state.records.get_mut(&self.0)) {
            record.events.push(event);
        }
    }

    /// A handle that callbacks can keep.
    pub fn again(&self) -> Self {
        Self(self.0)
    }

    pub fn stop(self) -> (Vec<Event>, Caught) {
        let record = lock().as_mut().and_then(|state| state.records.remove(&self.0));
        let record = record.expect("it is stopped once");
        (record.events, record.caught)
    }
}

/// On a busy machine one call in four that changes the file waits up to so long: sled's threads then overtake each other.
fn stall(fd: c_int, longest: Duration) {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let busy = |state: &mut State| state.on_file(fd).is_some_and(|(record, _)| record.busy);
    if lock().as_mut().is_some_and(busy) {
        let mixed = TURN.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        if mixed.is_multiple_of(4) {
            std::thread::sleep(longest * (mixed / 4 % 64) as u32 / 64);
        }
    }
}

fn lock() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn find(&mut self, path: &str) -> Option<(usize, String)> {
        self.records.iter().find_map(|(id, record)| {
            let rest = path.strip_prefix(&record.root)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| (*id, rest.to_owned()))
        })
    }

    fn on_file(&mut self, fd: c_int) -> Option<(&mut Record, &mut OpenFile)> {
        let file = self.files.get_mut(&fd)?;
        let record = self.records.get_mut(&file.record)?;
        Some((record, file))
    }
}

/// # Safety
/// `path` is a C string, as the caller of the libc function promised.
unsafe fn text(path: *const c_char) -> String {
    // SAFETY: see above.
    unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned()
}

/// Opens and notes it. Without a recording it is the plain call.
///
/// # Safety
/// As `openat`.
unsafe fn open_at(folder: c_int, path: *const c_char, flags: c_int, mode: c_long) -> c_int {
    let mut guard = lock();
    // SAFETY: the caller's arguments, unchanged.
    let fd = unsafe { libc::syscall(libc::SYS_openat, folder, path, flags | libc::O_LARGEFILE, mode) as c_int };
    // SAFETY: a C string, by the caller's promise.
    let path = unsafe { text(path) };
    if fd >= 0
        && let Some(state) = guard.as_mut()
        && let Some((id, inside)) = state.find(&path)
        && let Some(record) = state.records.get_mut(&id)
    {
        record.opens += 1;
        record.caught.opens += 1;
        let (open, truncate) = (record.opens, flags & libc::O_TRUNC != 0);
        let name = inside.rsplit('/').next().unwrap_or_default().to_owned();
        record.events.push(Event::Open {
            path: inside,
            open,
            truncate,
        });
        state.files.insert(
            fd,
            OpenFile {
                record: id,
                open,
                name,
                position: 0,
            },
        );
    }
    fd
}

macro_rules! interpose {
    ($($(#[$meta:meta])* fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty $body:block)*) => {
        $(
            $(#[$meta])*
            /// # Safety
            /// As the libc function it stands for.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($arg: $ty),*) -> $ret $body
        )*
    };
}

interpose! {
    fn open(path: *const c_char, flags: c_int, mode: c_long) -> c_int {
        // SAFETY: passed on.
        unsafe { open_at(libc::AT_FDCWD, path, flags, mode) }
    }
    fn open64(path: *const c_char, flags: c_int, mode: c_long) -> c_int {
        // SAFETY: passed on.
        unsafe { open_at(libc::AT_FDCWD, path, flags, mode) }
    }
    fn openat(folder: c_int, path: *const c_char, flags: c_int, mode: c_long) -> c_int {
        // SAFETY: passed on.
        unsafe { open_at(folder, path, flags, mode) }
    }
    fn openat64(folder: c_int, path: *const c_char, flags: c_int, mode: c_long) -> c_int {
        // SAFETY: passed on.
        unsafe { open_at(folder, path, flags, mode) }
    }
    fn close(fd: c_int) -> c_int {
        let mut guard = lock();
        if let Some(state) = guard.as_mut() {
            state.files.remove(&fd);
        }
        // SAFETY: passed on.
        unsafe { libc::syscall(libc::SYS_close, fd) as c_int }
    }
    fn write(fd: c_int, data: *const c_void, len: usize) -> isize {
        let mut guard = lock();
        // SAFETY: passed on.
        let wrote = unsafe { libc::syscall(libc::SYS_write, fd, data, len) as isize };
        if wrote > 0
            && let Some((record, file)) = guard.as_mut().and_then(|state| state.on_file(fd))
        {
            // SAFETY: the kernel read as much from there.
            let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), wrote as usize) };
            record.caught.writes += 1;
            let (open, offset, bytes) = (file.open, file.position, bytes.to_vec());
            record.events.push(Event::Write { open, offset, bytes });
            file.position += wrote as u64;
        }
        wrote
    }
    fn pwrite64(fd: c_int, data: *const c_void, len: usize, offset: i64) -> isize {
        stall(fd, Duration::from_millis(1));
        let mut guard = lock();
        // SAFETY: passed on.
        let wrote = unsafe { libc::syscall(libc::SYS_pwrite64, fd, data, len, offset) as isize };
        if wrote > 0
            && let Some((record, file)) = guard.as_mut().and_then(|state| state.on_file(fd))
        {
            // SAFETY: the kernel read as much from there.
            let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), wrote as usize) };
            record.caught.pwrites += 1;
            let (open, offset, bytes) = (file.open, offset as u64, bytes.to_vec());
            record.events.push(Event::Write { open, offset, bytes });
        }
        wrote
    }
    fn pwrite(fd: c_int, data: *const c_void, len: usize, offset: i64) -> isize {
        // SAFETY: passed on.
        unsafe { pwrite64(fd, data, len, offset) }
    }
    fn fsync(fd: c_int) -> c_int {
        match sync(fd, false) {
            true => 0,
            // SAFETY: passed on.
            false => unsafe { libc::syscall(libc::SYS_fsync, fd) as c_int },
        }
    }
    fn fdatasync(fd: c_int) -> c_int {
        match sync(fd, true) {
            true => 0,
            // SAFETY: passed on.
            false => unsafe { libc::syscall(libc::SYS_fdatasync, fd) as c_int },
        }
    }
    fn sync_file_range(fd: c_int, offset: i64, len: i64, flags: u32) -> c_int {
        if let Some((record, _)) = lock().as_mut().and_then(|state| state.on_file(fd)) {
            // Not durability: neither metadata nor the disk's cache are flushed by it.
            record.caught.range_syncs += 1;
            return 0;
        }
        // SAFETY: passed on.
        unsafe { libc::syscall(libc::SYS_sync_file_range, fd, offset, len, flags) as c_int }
    }
    fn ftruncate64(fd: c_int, len: i64) -> c_int {
        stall(fd, Duration::from_millis(20));
        let mut guard = lock();
        // SAFETY: passed on.
        let result = unsafe { libc::syscall(libc::SYS_ftruncate, fd, len) as c_int };
        if result == 0
            && let Some((record, file)) = guard.as_mut().and_then(|state| state.on_file(fd))
        {
            record.caught.truncates += 1;
            record.events.push(Event::SetLen { open: file.open, len: len as u64 });
        }
        result
    }
    fn ftruncate(fd: c_int, len: i64) -> c_int {
        // SAFETY: passed on.
        unsafe { ftruncate64(fd, len) }
    }
    fn rename(from: *const c_char, to: *const c_char) -> c_int {
        let mut guard = lock();
        // SAFETY: passed on.
        let result = unsafe { libc::syscall(libc::SYS_rename, from, to) as c_int };
        // SAFETY: C strings, by the caller's promise.
        let (from, to) = unsafe { (text(from), text(to)) };
        note_path(&mut guard, result, &from, |record, inside| {
            let to = to.strip_prefix(&record.root).unwrap_or("/outside").to_owned();
            record.caught.renames += 1;
            record.events.push(Event::Rename { from: inside, to });
        });
        result
    }
    fn unlink(path: *const c_char) -> c_int {
        let mut guard = lock();
        // SAFETY: passed on.
        let result = unsafe { libc::syscall(libc::SYS_unlink, path) as c_int };
        // SAFETY: a C string, by the caller's promise.
        note_path(&mut guard, result, &unsafe { text(path) }, |record, path| {
            record.caught.unlinks += 1;
            record.events.push(Event::Unlink { path });
        });
        result
    }
    fn mkdir(path: *const c_char, mode: libc::mode_t) -> c_int {
        let mut guard = lock();
        // SAFETY: passed on.
        let result = unsafe { libc::syscall(libc::SYS_mkdir, path, mode) as c_int };
        // SAFETY: a C string, by the caller's promise.
        note_path(&mut guard, result, &unsafe { text(path) }, |record, path| {
            record.caught.folders += 1;
            record.events.push(Event::MakeFolder { path });
        });
        result
    }
    fn rmdir(path: *const c_char) -> c_int {
        let mut guard = lock();
        // SAFETY: passed on.
        let result = unsafe { libc::syscall(libc::SYS_rmdir, path) as c_int };
        // SAFETY: a C string, by the caller's promise.
        note_path(&mut guard, result, &unsafe { text(path) }, |record, path| {
            record.events.push(Event::RemoveFolder { path });
        });
        result
    }
}

fn note_path(guard: &mut Option<State>, result: c_int, path: &str, note: impl FnOnce(&mut Record, String)) {
    if result == 0
        && let Some(state) = guard.as_mut()
        && let Some((id, inside)) = state.find(path)
        && let Some(record) = state.records.get_mut(&id)
    {
        note(record, inside);
    }
}

/// Whether the file is under record; then the sync is noted, or left out by sabotage.
fn sync(fd: c_int, data_only: bool) -> bool {
    stall(fd, Duration::from_millis(1));
    let mut guard = lock();
    let Some((record, file)) = guard.as_mut().and_then(|state| state.on_file(fd)) else {
        return false;
    };
    let skipped = match record.sabotage {
        Sabotage::None => false,
        Sabotage::Skip(name) => data_only && file.name == name,
        Sabotage::SkipAll => data_only,
    };
    match data_only {
        true => record.caught.fdatasyncs += 1,
        false => record.caught.fsyncs += 1,
    }
    if !skipped {
        record.events.push(Event::Sync { open: file.open });
    }
    true
}
