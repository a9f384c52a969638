//! Rebuilds a folder from its recorded calls: as it is live, or as it would be after the power went.
//!
//! The strict model: a file's bytes and length count as of its last fsync or fdatasync; a name counts (made, renamed, removed)
//! as of its folder's last fsync, or at once in a folder that keeps them. A kinder disk can only have more.

use crate::interpose::Event;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

#[derive(Clone)]
pub struct Replay {
    nodes: Vec<Node>,
    opens: HashMap<usize, usize>,
}

#[derive(Clone)]
enum Node {
    File {
        live: Vec<u8>,
        durable: Vec<u8>,
        unsynced: Vec<Change>,
    },
    Folder {
        live: BTreeMap<String, usize>,
        durable: BTreeMap<String, usize>,
        /// Whether a changed name is durable at once.
        kept: bool,
    },
}

/// A change to a file since its last sync.
#[derive(Clone)]
enum Change {
    Write(u64, Vec<u8>),
    SetLen(u64),
}

/// A folder's files, by path, as bytes; folders as `None`.
pub type Image = BTreeMap<String, Option<Vec<u8>>>;

/// Asked for each unsynced change whether it reached the disk.
pub type Luck<'a> = &'a mut dyn FnMut() -> bool;

/// Which of a node's two forms is asked for.
struct Look<'a> {
    alive: bool,
    luck: Luck<'a>,
}

impl Replay {
    /// A folder whose content is durable.
    pub fn of(image: &Image) -> Self {
        Self::with_live(image, image)
    }

    /// A folder after a kill: the page cache still has `live`, the disk has `durable`.
    pub fn with_live(durable: &Image, live: &Image) -> Self {
        let mut this = Self {
            nodes: vec![folder()],
            opens: HashMap::new(),
        };
        for (path, content) in live {
            let node = match content {
                None => folder(),
                Some(bytes) => Node::File {
                    live: bytes.clone(),
                    durable: Vec::new(),
                    unsynced: Vec::new(),
                },
            };
            this.nodes.push(node);
            let at = this.nodes.len() - 1;
            this.link(path, at, true, false);
        }
        for (path, content) in durable {
            let known = this.resolve(path);
            let at = known.unwrap_or_else(|| {
                this.nodes.push(match content {
                    None => folder(),
                    Some(_) => file(),
                });
                this.nodes.len() - 1
            });
            this.link(path, at, false, true);
            if let (
                Node::File {
                    durable,
                    live,
                    unsynced,
                },
                Some(bytes),
            ) = (&mut this.nodes[at], content)
            {
                *durable = bytes.clone();
                if live != bytes {
                    unsynced.push(Change::SetLen(live.len() as u64));
                    unsynced.push(Change::Write(0, live.clone()));
                }
            }
        }
        this
    }

    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Open { path, open, truncate } => {
                let at = self.resolve(path).unwrap_or_else(|| {
                    self.nodes.push(file());
                    let at = self.nodes.len() - 1;
                    self.link(path, at, true, false);
                    at
                });
                self.opens.insert(*open, at);
                if *truncate {
                    self.change(*open, Change::SetLen(0));
                }
            }
            Event::Write { open, offset, bytes } => {
                self.change(*open, Change::Write(*offset, bytes.clone()));
            }
            Event::SetLen { open, len } => self.change(*open, Change::SetLen(*len)),
            Event::Sync { open } => match &mut self.nodes[self.opens[open]] {
                Node::File {
                    live,
                    durable,
                    unsynced,
                } => {
                    for change in unsynced.drain(..) {
                        change.apply(durable);
                    }
                    assert!(live == durable, "a sync makes the file what it is");
                }
                Node::Folder { live, durable, .. } => *durable = live.clone(),
            },
            Event::Rename { from, to } => {
                let at = self.resolve(from).expect("what is renamed is there");
                self.unlink(from);
                self.link(to, at, true, false);
            }
            Event::Unlink { path } | Event::RemoveFolder { path } => self.unlink(path),
            Event::MakeFolder { path } => {
                self.nodes.push(folder());
                self.link(path, self.nodes.len() - 1, true, false);
            }
            Event::KeepNames { path } => {
                let at = self.resolve(path).expect("the folder is there");
                if let Node::Folder { kept, .. } = &mut self.nodes[at] {
                    *kept = true;
                }
            }
            Event::Accepted(_) | Event::Acknowledged(_) => {}
        }
    }

    /// What is there while the machine runs.
    pub fn live(&self) -> Image {
        let mut image = Image::new();
        self.collect(
            0,
            "",
            &mut image,
            &mut Look {
                alive: true,
                luck: &mut || false,
            },
        );
        image
    }

    /// What is there after the power went: nothing that was not synced.
    pub fn durable(&self) -> Image {
        self.torn(&mut || false)
    }

    /// The same, but some of what was not synced got through.
    pub fn torn(&self, luck: Luck<'_>) -> Image {
        let mut image = Image::new();
        self.collect(0, "", &mut image, &mut Look { alive: false, luck });
        image
    }

    fn collect(&self, at: usize, path: &str, image: &mut Image, look: &mut Look<'_>) {
        match &self.nodes[at] {
            Node::File {
                live,
                durable,
                unsynced,
            } => {
                let mut content = if look.alive { live.clone() } else { durable.clone() };
                for change in unsynced {
                    if (look.luck)() {
                        change.apply(&mut content);
                    }
                }
                image.insert(path.to_owned(), Some(content));
            }
            Node::Folder { live, durable, .. } => {
                if at != 0 {
                    image.insert(path.to_owned(), None);
                }
                for (name, child) in if look.alive { live } else { durable } {
                    self.collect(*child, &format!("{path}/{name}"), image, look);
                }
            }
        }
    }

    fn change(&mut self, open: usize, change: Change) {
        if let Node::File { live, unsynced, .. } = &mut self.nodes[self.opens[&open]] {
            change.apply(live);
            unsynced.push(change);
        }
    }

    fn resolve(&self, path: &str) -> Option<usize> {
        path.split('/').filter(|name| !name.is_empty()).try_fold(0, |at, name| {
            match &self.nodes[at] {
                Node::Folder { live, durable, .. } => live.get(name).or(durable.get(name)).copied(),
                Node::File { .. } => None,
            }
            .filter(|found| self.is_live(at, name, *found))
        })
    }

    /// Names that are only durable are looked up while an image is laid out, never after.
    fn is_live(&self, folder: usize, name: &str, found: usize) -> bool {
        match &self.nodes[folder] {
            Node::Folder { live, .. } => live.get(name) == Some(&found) || self.opens.is_empty(),
            Node::File { .. } => false,
        }
    }

    fn link(&mut self, path: &str, node: usize, into_live: bool, into_durable: bool) {
        let (parent, name) = path.rsplit_once('/').expect("paths start with a slash");
        let parent = self.resolve(parent).expect("the folder is there");
        if let Node::Folder { live, durable, kept } = &mut self.nodes[parent] {
            if into_live {
                live.insert(name.to_owned(), node);
            }
            if into_durable || *kept {
                durable.insert(name.to_owned(), node);
            }
        }
    }

    fn unlink(&mut self, path: &str) {
        let (parent, name) = path.rsplit_once('/').expect("paths start with a slash");
        let parent = self.resolve(parent).expect("the folder is there");
        if let Node::Folder { live, durable, kept } = &mut self.nodes[parent] {
            live.remove(name).expect("what is removed is there");
            if *kept {
                durable.remove(name);
            }
        }
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::SetLen(len) => content.resize(*len as usize, 0),
            Self::Write(offset, bytes) => {
                let (from, to) = (*offset as usize, *offset as usize + bytes.len());
                if content.len() < to {
                    content.resize(to, 0);
                }
                content[from..to].copy_from_slice(bytes);
            }
        }
    }
}

fn folder() -> Node {
    Node::Folder {
        live: BTreeMap::new(),
        durable: BTreeMap::new(),
        kept: false,
    }
}

fn file() -> Node {
    Node::File {
        live: Vec::new(),
        durable: Vec::new(),
        unsynced: Vec::new(),
    }
}

/// Lays the image out as real files.
pub fn write_out(image: &Image, root: &Path) {
    for (path, content) in image {
        let path = root.join(path.trim_start_matches('/'));
        match content {
            None => fs::create_dir_all(path).unwrap(),
            Some(bytes) => {
                let file = fs::File::create_new(path).unwrap();
                file.write_all_at(bytes, 0).unwrap();
            }
        }
    }
}

/// The real files, as an image.
pub fn read_in(root: &Path) -> Image {
    fn walk(at: &Path, path: &str, image: &mut Image) {
        for found in fs::read_dir(at).unwrap() {
            let found = found.unwrap();
            let inside = format!("{path}/{}", found.file_name().to_str().unwrap());
            if found.file_type().unwrap().is_dir() {
                image.insert(inside.clone(), None);
                walk(&found.path(), &inside, image);
            } else {
                image.insert(inside, Some(fs::read(found.path()).unwrap()));
            }
        }
    }
    let mut image = Image::new();
    walk(root, "", &mut image);
    image
}
