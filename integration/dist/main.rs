//! `cargo run --example dist -- FOLDER ARCHITECTURE` writes what a package holds beside the programs into FOLDER, as
//! it is to lie below the root, and what `dpkg-deb` wants to know into FOLDER/DEBIAN.

mod man;
mod options;
mod shells;
mod tree;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [folder, architecture] = &args[..] else {
        chatroom::cli::complain("usage: dist FOLDER ARCHITECTURE");
        return ExitCode::from(2);
    };
    let mut files = tree::files();
    files.extend(control(architecture));
    match write(Path::new(folder), &files) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            chatroom::cli::complain(&format!("dist: {folder}: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path, files: &[tree::Placed]) -> io::Result<()> {
    for (place, text) in files {
        let path = folder.join(place);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

/// What `dpkg-deb` wants to know.
fn control(architecture: &str) -> Vec<tree::Placed> {
    let control = format!(
        "\
Package: chatroom
Version: {}
Architecture: {architecture}
Maintainer: The chatroom authors <chatroom@localhost>
Section: net
Priority: optional
Description: group chat room over UDP
 Nothing said is lost, doubled, or seen in another order by someone else.
 A server, which systemd can run (systemctl enable --now chat-server), a
 client for the terminal and for pipes, and halfcopy, which copies a file
 with two threads.
",
        env!("CARGO_PKG_VERSION")
    );
    vec![
        ("DEBIAN/control".into(), control),
        ("DEBIAN/conffiles".into(), "/etc/chatroom/config\n".into()),
    ]
}
