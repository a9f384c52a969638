//! The folder that the machines of one pool share.
//!
//! ```text
//!  images/NAME         suspended domains
//!  disks/SR/…          the machines' disks, a folder a repository
//!  machines/ADDRESS    the path of the socket of the machine with that address
//!  behaviour.json      how machines behave when they start; instant, if it is not there
//! ```

use crate::machine::{Behaviour, Image, Images};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use xenith_storage_sim::{Folder, Medium};

/// File names end here; what is longer is no image of ours.
const NAME_BYTES_MAX: usize = 200;

/// See the module.
#[derive(Clone, Debug)]
pub struct SharedDir(PathBuf);

/// What a machine needs of it: images, and disks that it locks until its process ends.
#[derive(Debug)]
pub struct Shelf {
    shared: SharedDir,
    disks: Folder,
}

impl Images for Shelf {
    fn read(&self, name: &str) -> std::result::Result<Option<Image>, String> {
        Images::read(&self.shared, name)
    }

    fn write(&mut self, name: &str, image: &Image) -> std::result::Result<(), String> {
        self.shared.write(name, image)
    }

    fn delete(&mut self, name: &str) -> std::result::Result<(), String> {
        self.shared.delete(name)
    }

    fn disks(&mut self) -> Option<&mut dyn Medium> {
        Some(&mut self.disks)
    }
}

impl SharedDir {
    pub fn open(dir: &Path) -> Result<SharedDir> {
        std::fs::create_dir_all(dir.join("images"))?;
        std::fs::create_dir_all(dir.join("machines"))?;
        Ok(SharedDir(dir.to_owned()))
    }

    /// One a machine.
    pub fn shelf(&self) -> Shelf {
        Shelf {
            shared: self.clone(),
            disks: Folder::new(&self.0.join("disks")),
        }
    }

    pub fn behaviour(&self) -> Result<Behaviour> {
        match std::fs::read(self.0.join("behaviour.json")) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(Behaviour::instant()),
            Err(other) => Err(other),
        }
    }

    pub fn set_behaviour(&self, behaviour: &Behaviour) -> Result<()> {
        replace(&self.0.join("behaviour.json"), &serde_json::to_vec_pretty(behaviour)?)
    }

    /// Other machines find this one by its address from now on.
    pub fn register(&self, address: &str, socket: &Path) -> Result<()> {
        let path = self.0.join("machines").join(file_name(address)?);
        replace(&path, socket.as_os_str().as_encoded_bytes())
    }

    pub fn socket_of(&self, address: &str) -> Result<PathBuf> {
        let path = self.0.join("machines").join(file_name(address)?);
        Ok(PathBuf::from(std::fs::read_to_string(path)?))
    }

    fn image(&self, name: &str) -> Result<PathBuf> {
        Ok(self.0.join("images").join(file_name(name)?))
    }
}

impl Images for SharedDir {
    fn read(&self, name: &str) -> std::result::Result<Option<Image>, String> {
        let read = self.image(name).and_then(std::fs::read);
        match read {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|cause| format!("image {name} is malformed: {cause}")),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(None),
            Err(other) => Err(format!("image {name}: {other}")),
        }
    }

    fn write(&mut self, name: &str, image: &Image) -> std::result::Result<(), String> {
        let write = || replace(&self.image(name)?, &serde_json::to_vec(image)?);
        write().map_err(|cause| format!("image {name}: {cause}"))
    }

    fn delete(&mut self, name: &str) -> std::result::Result<(), String> {
        match self.image(name).and_then(std::fs::remove_file) {
            Ok(()) => Ok(()),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(()),
            Err(other) => Err(format!("image {name}: {other}")),
        }
    }
}

/// Any name as one of a file, unlike every other's: what could mean something to a file system is written as %XX.
fn file_name(name: &str) -> Result<String> {
    let mut file_name = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => file_name.push(char::from(byte)),
            other => file_name.push_str(&format!("%{other:02x}")),
        }
    }
    if file_name.is_empty() || file_name.len() > NAME_BYTES_MAX {
        return Err(Error::new(ErrorKind::InvalidInput, "a name of no or too many bytes"));
    }
    Ok(file_name)
}

/// Readers see the old or the new, never a part. Who writes the same file at once uses another process id.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&new, bytes)?;
    std::fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::GuestMemory;
    use xenith_xen_port::VmId;

    #[test]
    fn an_image_is_written_read_and_deleted_by_any_name() {
        let dir = tempfile::tempdir().unwrap();
        let mut shared = SharedDir::open(dir.path()).unwrap();
        let image = Image {
            vm: VmId("a".to_owned()),
            memory: GuestMemory {
                boot_id: u64::MAX,
                ran_ms: 1,
                booted_at_ms: 2,
                agent_at_ms: None,
                stops_at_ms: None,
            },
        };
        for name in ["suspend-1", "../../outside", "a/b", "%2e", ".", "ü"] {
            assert_eq!(Images::read(&shared, name), Ok(None));
            shared.write(name, &image).unwrap();
            assert_eq!(Images::read(&shared, name), Ok(Some(image.clone())), "{name}");
            shared.delete(name).unwrap();
            shared.delete(name).unwrap();
            assert_eq!(Images::read(&shared, name), Ok(None));
        }
        assert!(shared.write("", &image).is_err());
        assert!(shared.write(&"x".repeat(300), &image).is_err());
        std::fs::write(dir.path().join("images/torn"), "{").unwrap();
        assert!(Images::read(&shared, "torn").is_err());
    }

    #[test]
    fn machines_behave_as_the_folder_says() {
        let dir = tempfile::tempdir().unwrap();
        let shared = SharedDir::open(dir.path()).unwrap();
        assert_eq!(shared.behaviour().unwrap(), Behaviour::instant());
        shared.set_behaviour(&Behaviour::lifelike()).unwrap();
        assert_eq!(shared.behaviour().unwrap(), Behaviour::lifelike());
    }
}
