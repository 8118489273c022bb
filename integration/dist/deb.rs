//! The built package, in a root that holds nothing else: `make dist-check`.

use crate::programs;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A root with nothing but the package and the machine's devices, removed after the test.
struct Root(PathBuf);

impl Root {
    fn new() -> Root {
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let root = Root(root.join(format!("root-{}", std::process::id())));
        for folder in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "dev"] {
            fs::create_dir_all(root.0.join(folder)).expect("a folder");
        }
        for file in ["status", "available"] {
            fs::write(root.0.join("var/lib/dpkg").join(file), "").expect("a file");
        }
        root
    }

    /// A program of the package, which sees this root alone, in a namespace of its own where /dev is the machine's.
    fn command(&self, program: &str) -> Command {
        const INSIDE: &str =
            "mount --rbind /dev \"$0/dev\" && root=$0 && exec chroot \"$root\" \"$@\"";
        let mut command = programs::command("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", INSIDE]);
        command.arg(&self.0).arg(format!("/usr/bin/{program}"));
        command.env_remove("CHATROOM_CONFIG");
        command
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server, killed if the test does not come to its end.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn package() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/dist");
    let entries = fs::read_dir(&folder).expect("`make dist` was run");
    let mut paths = entries.map(|entry| entry.expect("readable").path());
    paths
        .find(|path| path.extension().is_some_and(|end| end == "deb"))
        .expect("a .deb in target/dist")
}

#[track_caller]
fn output(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
#[ignore = "needs what `make dist` builds; `make dist-check`"]
fn the_package_runs_in_a_root_that_holds_nothing_else() {
    let root = Root::new();
    let mut dpkg = Command::new("dpkg");
    dpkg.arg("--root").arg(&root.0).arg("--force-not-root");
    output(dpkg.args(["--log=/dev/null", "--install"]).arg(package()));
    for (place, _) in super::tree::files() {
        let place = place.strip_prefix('/').unwrap_or(&place);
        let packed = root.0.join(format!("{place}.gz"));
        assert!(
            packed.exists() || root.0.join(place).exists(),
            "{place} is missing"
        );
    }
    for program in ["chat-server", "chat-client", "halfcopy"] {
        let told = output(root.command(program).arg("--version"));
        assert_eq!(told, format!("{program} {}\n", env!("CARGO_PKG_VERSION")));
    }
    // As the unit runs it.
    let mut check = root.command("chat-server");
    check.env("CHATROOM_CONFIG", "/etc/chatroom/config");
    output(check.arg("--check-config"));
    talk(&root);
}

/// A line is said, heard and kept in the transcript; SIGTERM ends the server in peace.
fn talk(root: &Root) {
    let mut server = root.command("chat-server");
    server.env("CHATROOM_CONFIG", "/etc/chatroom/config");
    server.args([
        "--bind",
        "127.0.0.1:0",
        "--transcript",
        "/talk",
        "--lang",
        "en",
    ]);
    let server = server.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut server = Server(server.spawn().expect("it starts"));
    let mut told = BufReader::new(server.0.stdout.take().expect("a pipe"));
    let mut first = String::new();
    told.read_line(&mut first).expect("a line");
    let address = first.trim_end().rsplit(' ').next().expect("an address");
    let mut client = root.command("chat-client");
    client.args(["--name", "小明", address]);
    let mut client = client.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut input = client.stdin.take().expect("a pipe");
    input.write_all("你好\n".as_bytes()).expect("it reads");
    drop(input);
    assert!(client.wait().expect("it ends").success());
    let id = server.0.id().to_string();
    output(Command::new("kill").args(["-TERM", &id]));
    let mut rest = String::new();
    told.read_to_string(&mut rest).expect("its output");
    assert_eq!(server.0.wait().expect("it ends").code(), Some(0), "{rest}");
    assert!(rest.contains("小明 says: 你好"), "{rest}");
    let talk = fs::read_to_string(root.0.join("talk")).expect("a transcript");
    assert!(talk.contains("你好"), "{talk}");
}
