//! Looks at a library's bytes before the system loader does.
//!
//! The loader maps a truncated file without asking for its length, and the process then dies of
//! SIGBUS; it reports a library for another machine as "no such file". Both are told apart here.

use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, elf};
use serde::{Deserialize, Serialize};

/// Why the bytes cannot be a library for this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// Not an ELF file at all.
    #[error("it is not a shared library (no ELF header)")]
    NotElf,
    /// ELF, but an executable or object file.
    #[error("it is an ELF file, but not a shared library")]
    NotShared,
    /// For another processor.
    #[error("it is built for {found}, this machine is {here}")]
    Machine {
        /// The processor it is built for.
        found: String,
        /// This machine's.
        here: &'static str,
    },
    /// Something the headers speak of lies past the end.
    #[error("it is truncated: its {what} lie past the end of the file ({bytes} bytes)")]
    Truncated {
        /// What lies past the end.
        what: &'static str,
        /// The file's length.
        bytes: usize,
    },
}

type Header = elf::FileHeader64<Endianness>;

#[cfg(target_arch = "x86_64")]
const HERE: (u16, &str) = (elf::EM_X86_64, "x86-64");
#[cfg(target_arch = "aarch64")]
const HERE: (u16, &str) = (elf::EM_AARCH64, "arm64");

fn machine_name(machine: u16) -> String {
    match machine {
        elf::EM_X86_64 => "x86-64".to_owned(),
        elf::EM_AARCH64 => "arm64".to_owned(),
        elf::EM_RISCV => "RISC-V".to_owned(),
        elf::EM_386 => "32-bit x86".to_owned(),
        elf::EM_ARM => "32-bit arm".to_owned(),
        other => format!("machine type {other}"),
    }
}

/// Checks that every part the loader will map lies within `bytes`.
///
/// # Errors
/// [`ElfError`] says what is wrong.
pub fn check(bytes: &[u8]) -> Result<(), ElfError> {
    if !bytes.starts_with(&elf::ELFMAG) {
        return Err(ElfError::NotElf);
    }
    let truncated = |what| ElfError::Truncated { what, bytes: bytes.len() };
    if bytes.get(4) != Some(&elf::ELFCLASS64) {
        let found = "a 32-bit machine".to_owned();
        return Err(ElfError::Machine { found, here: HERE.1 });
    }
    let header = Header::parse(bytes).map_err(|_| truncated("headers"))?;
    let endian = header.endian().map_err(|_| ElfError::NotElf)?;
    let machine = header.e_machine(endian);
    if machine != HERE.0 || endian != Endianness::Little {
        return Err(ElfError::Machine { found: machine_name(machine), here: HERE.1 });
    }
    if header.e_type(endian) != elf::ET_DYN {
        return Err(ElfError::NotShared);
    }
    let segments =
        header.program_headers(endian, bytes).map_err(|_| truncated("program headers"))?;
    for segment in segments {
        segment.data(endian, bytes).map_err(|()| truncated("segments"))?;
    }
    header.sections(endian, bytes).map_err(|_| truncated("section headers"))?;
    Ok(())
}

/// What the SDK writes into a library for those who want to know it without running it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tag {
    /// The plugin's package.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// The version of the interface it was built with.
    pub plugin_api: String,
}

/// The tag in the section `.skybridge_plugin`, if there is one.
#[must_use]
pub fn tag(bytes: &[u8]) -> Option<Tag> {
    let header = Header::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let (_, section) = sections.section_by_name(endian, b".skybridge_plugin")?;
    serde_json::from_slice(section.data(endian, bytes).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_wrong() {
        assert_eq!(check(b""), Err(ElfError::NotElf));
        assert_eq!(check(b"#!/bin/sh\n"), Err(ElfError::NotElf));
        let own = fs_err::read("/proc/self/exe").unwrap();
        for length in [5, 40, 64, 1_000, 4_096, own.len() / 2] {
            let error = check(&own[..length]).unwrap_err();
            assert!(matches!(error, ElfError::Truncated { .. }), "{length}: {error}");
        }
        let mut foreign = own;
        foreign[18] = 243;
        assert!(check(&foreign).unwrap_err().to_string().contains("RISC-V"));
    }

    #[test]
    fn never_panics_on_mutations() {
        let mut bytes = fs_err::read("/proc/self/exe").unwrap();
        for at in 0..1_024 {
            let kept = bytes[at];
            for value in [0, 0x7f, 0xff] {
                bytes[at] = value;
                drop((check(&bytes), tag(&bytes)));
            }
            bytes[at] = kept;
        }
    }
}
