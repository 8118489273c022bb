//! Programs that are killed, stopped, deaf, or early.

use crate::load::program::{PATIENCE, Program, Server, client_program, server_program};
use crate::load::{figure, size, wait};
use crate::programs;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A path for a file of this test's own.
fn scratch(name: &str) -> PathBuf {
    let path =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

/// Killed, and back under the same name by what it left behind: nobody sees it leave, and it misses nothing.
#[test]
fn a_killed_client_is_back_as_the_same_person() {
    let rounds = size(50, 5);
    let server = Server::start(&[]);
    let mut friend = Program::client("小红", server.address, &[]);
    server.program.sees("小红 进入聊天室");
    let file = scratch("resume");
    let flags = ["--resume", file.to_str().expect("UTF-8")];
    let mut client = Program::client("小明", server.address, &flags);
    friend.sees("小明 进入聊天室");
    // It is there, but empty, before the client is in.
    let noted = || fs::metadata(&file).is_ok_and(|about| about.len() > 0);
    let mut longest = Duration::ZERO;
    client.types("第 0 次");
    for round in 0..rounds {
        // Nothing comes in between: no leaving, no entering, nothing twice.
        let line = friend.output.recv_timeout(PATIENCE);
        assert_eq!(line, Ok(format!("小明 说：第 {round} 次")));
        assert!(wait(PATIENCE, noted));
        client.kill();
        friend.types(&format!("你在吗 {round}"));
        server.program.sees(&format!("小红 说：你在吗 {round}"));
        let began = Instant::now();
        // The name is in the file too.
        let mut command = client_program();
        command.args(flags).arg(server.address.to_string());
        client = Program::of(command);
        // Typed before it knows what the server has of the one before: that is not taken for this.
        client.types(&format!("第 {} 次", round + 1));
        client.sees(&format!("小红 说：你在吗 {round}"));
        longest = longest.max(began.elapsed());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&file).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let line = friend.output.recv_timeout(PATIENCE);
    assert_eq!(line, Ok(format!("小明 说：第 {rounds} 次")));
    client.types("/quit");
    assert_eq!(client.exit(), Some(0));
    assert!(!file.exists(), "gone with its owner");
    let line = friend.output.recv_timeout(PATIENCE);
    assert_eq!(line, Ok("小明 退出了聊天室".into()));
    figure(
        "kill -9",
        &format!(
            "{rounds} times: back under the same name and told what was missed within {longest:.0?}"
        ),
    );
    assert!(longest < Duration::from_secs(1), "{longest:?}");
}

/// The name that the program is given each time is the one that it was given first, not the one that it had last.
#[test]
fn a_killed_client_is_back_as_the_same_person_after_a_renaming() {
    let server = Server::start(&[]);
    let mut friend = Program::client("小红", server.address, &[]);
    server.program.sees("小红 进入聊天室");
    let file = scratch("resume-renamed");
    let flags = ["--resume", file.to_str().expect("UTF-8")];
    let mut client = Program::client("小明", server.address, &flags);
    friend.sees("小明 进入聊天室");
    client.types("/nick 大明");
    friend.sees("小明 改名为 大明");
    let noted = || fs::read_to_string(&file).is_ok_and(|text| text.ends_with(" 大明\n小明\n"));
    assert!(wait(PATIENCE, noted));
    client.kill();
    friend.types("你在吗");
    server.program.sees("小红 说：你在吗");
    let mut client = Program::client("小明", server.address, &flags);
    client.sees("小红 说：你在吗");
    client.types("在");
    let line = friend.output.recv_timeout(PATIENCE);
    assert_eq!(line, Ok("大明 说：在".into()));
    client.kill();
    // Whoever is given another name is somebody else.
    let mut client = Program::client("小刚", server.address, &flags);
    let line = friend.output.recv_timeout(PATIENCE);
    assert_eq!(line, Ok("小刚 进入聊天室".into()));
    client.types("/quit");
    assert_eq!(client.exit(), Some(0));
}

#[test]
fn a_file_that_is_no_keepsake_is_refused_with_a_remedy() {
    let file = scratch("not-a-keepsake");
    fs::write(&file, "precious\n").expect("written");
    let flags = ["--resume", file.to_str().expect("UTF-8")];
    let mut client = Program::client("小明", ([127, 0, 0, 1], 9).into(), &flags);
    assert_eq!(client.exit(), Some(1));
    let told = client.errors.recv_timeout(PATIENCE).expect("a word");
    assert!(told.contains("--resume") && told.contains("删除"), "{told}");
    assert_eq!(
        fs::read_to_string(&file).expect("still there"),
        "precious\n"
    );
    // Nor is a device, empty as it is.
    let mut client = Program::client(
        "小明",
        ([127, 0, 0, 1], 9).into(),
        &["--resume", "/dev/null"],
    );
    assert_eq!(client.exit(), Some(1));
    let _ = fs::remove_file(&file);
}

#[test]
fn a_keepsake_in_use_is_refused_with_a_remedy() {
    let server = Server::start(&[]);
    let file = scratch("resume-in-use");
    let flags = ["--resume", file.to_str().expect("UTF-8")];
    let mut client = Program::client("小明", server.address, &flags);
    // It need not be in by then.
    assert!(wait(PATIENCE, || file.exists()));
    let mut second = Program::client("小明", server.address, &flags);
    assert_eq!(second.exit(), Some(1));
    let told = second.errors.recv_timeout(PATIENCE).expect("a word");
    let all = ["--resume", "正在使用", "换一个文件"];
    assert!(all.iter().all(|part| told.contains(part)), "{told}");
    client.types("/quit");
    assert_eq!(client.exit(), Some(0));
    assert!(!file.exists());
}

/// It is noted once a second at most, and the last of it although nothing follows.
#[test]
fn what_was_read_last_is_noted_when_all_is_silent() {
    let server = Server::start(&[]);
    let mut friend = Program::client("小红", server.address, &[]);
    server.program.sees("小红 进入聊天室");
    let file = scratch("resume-silent");
    let flags = ["--resume", file.to_str().expect("UTF-8")];
    let client = Program::client("小明", server.address, &flags);
    friend.sees("小明 进入聊天室");
    for number in 0..3 {
        friend.types(&format!("第 {number} 句"));
        client.sees(&format!("小红 说：第 {number} 句"));
    }
    // The next event is the sixth.
    let noted = || fs::read_to_string(&file).is_ok_and(|text| text.contains(" 6 小明\n"));
    assert!(wait(PATIENCE, noted), "{:?}", fs::read_to_string(&file));
    let _ = fs::remove_file(&file);
}

#[test]
fn who_never_came_in_leaves_no_keepsake() {
    let server = Server::start(&[]);
    let _friend = Program::client("小红", server.address, &[]);
    server.program.sees("小红 进入聊天室");
    let file = scratch("resume-refused");
    let flags = ["--resume", file.to_str().expect("UTF-8")];
    for found in [false, true] {
        if found {
            fs::write(&file, "").expect("written");
        }
        let mut client = Program::client("小红", server.address, &flags);
        assert_eq!(client.exit(), Some(3));
        assert_eq!(file.exists(), found, "what it has not made is left alone");
    }
    // Nor when it is asked to end before it is in.
    #[cfg(feature = "terminal")]
    {
        fs::remove_file(&file).expect("there");
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = silent.local_addr().expect("bound");
        let mut client = Program::client("小明", address, &flags);
        assert!(wait(PATIENCE, || file.exists()));
        // What comes first is sent once signals are attended to.
        silent.set_read_timeout(Some(PATIENCE)).expect("set");
        silent.recv(&mut [0; 2000]).expect("a Hello");
        client.signal("-TERM");
        assert_eq!(client.exit(), Some(4));
        assert!(!file.exists());
    }
    let _ = fs::remove_file(&file);
}

/// Stopped for longer than the room waits: the person has left meanwhile, and comes back by itself to where it was.
#[test]
fn a_client_that_was_stopped_comes_back() {
    let (flags, stopped): (&[&str], _) = size((&[], 90), (&["--idle-timeout", "2"], 3));
    let server = Server::start(flags);
    let mut friend = Program::client("小红", server.address, &[]);
    server.program.sees("小红 进入聊天室");
    let mut client = Program::client("小明", server.address, &[]);
    friend.sees("小明 进入聊天室");
    client.signal("-STOP");
    let mut count = 0;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(stopped) {
        friend.types(&format!("第 {count} 句"));
        count += 1;
        wait(Duration::from_millis(500), || false);
    }
    client.types("我回来了");
    client.signal("-CONT");
    let continued = Instant::now();
    friend.finds(Duration::from_secs(30), |line| line == "小明 说：我回来了");
    let back = continued.elapsed();
    for number in 0..count {
        let line = client.finds(Duration::from_secs(30), |line| {
            line.starts_with("小红 说：")
        });
        assert_eq!(line, format!("小红 说：第 {number} 句"));
    }
    figure(
        "SIGSTOP",
        &format!(
            "{stopped} s: back, with {count} lines that were said meanwhile, after {back:.1?}"
        ),
    );
    assert_eq!(client.has_ended(), None);
}

/// The server is killed, and another one is there in its place.
fn restart(server: &mut Server) {
    server.program.kill();
    let mut command = server_program();
    command.args(["--bind", &server.address.to_string()]);
    *server = Server::start_command(command);
}

/// Also while what is typed waits for room in the queue, and nobody reads on.
#[test]
fn a_client_ends_whose_name_is_another_s_when_it_comes_back() {
    let mut server = Server::start(&[]);
    let mut client = Program::client("小明", server.address, &[]);
    let mut input = client.take_input();
    let typist = std::thread::spawn(move || {
        // Far more than the queue and the pipe take, unless the client ends.
        (0..100_000).all(|number| writeln!(input, "第 {number} 句").is_ok())
    });
    server.program.sees("小明 说：第 0 句");
    client.signal("-STOP");
    restart(&mut server);
    let _other = Program::client("小明", server.address, &[]);
    server.program.sees("小明 进入聊天室");
    client.signal("-CONT");
    client.error_with("姓名已被使用");
    assert_eq!(client.exit(), Some(3));
    assert!(!typist.join().expect("it types"), "nobody read all that");
}

/// The name is another's by then, perhaps.
#[test]
fn nobody_is_replied_to_once_the_server_is_another_one() {
    let mut server = Server::start(&[]);
    let mut ann = Program::client("Ann", server.address, &[]);
    server.program.sees("Ann 进入聊天室");
    let mut bob = Program::client("Bob", server.address, &[]);
    server.program.sees("Bob 进入聊天室");
    ann.types("/msg Bob 密");
    bob.finds(PATIENCE, |line| line.contains("悄悄对你"));
    ann.kill();
    restart(&mut server);
    bob.error_with("服务器已重新启动");
    bob.types("/reply 秘密");
    bob.error_with("还没有人对你说悄悄话");
}

#[test]
fn who_may_not_speak_is_told_so_before_the_client_leaves() {
    let mut server = Server::start(&[]);
    let mut client = Program::client("小明", server.address, &[]);
    server.program.sees("小明 进入聊天室");
    server.program.types("/mute 小明");
    server
        .program
        .finds(PATIENCE, |line| line.starts_with("禁言：小明"));
    client.types("要紧的话");
    client.ends_input();
    assert_eq!(client.exit(), Some(0));
    client.error_with("管理员已将你禁言");
}

#[test]
fn a_client_waits_for_a_server_that_appears_later() {
    let address = {
        let server = Server::start(&[]);
        server.address
    };
    let mut client = Program::client("小明", address, &[]);
    client.types("有人吗");
    // It has heard that nobody listens there, and goes on asking.
    let told = client.errors.recv_timeout(PATIENCE).expect("a word");
    assert!(told.contains(&address.to_string()), "{told}");
    wait(Duration::from_secs(size(10, 1)), || false);
    let mut command = server_program();
    command.args(["--bind", &address.to_string()]);
    let server = Server::start_command(command);
    server.program.sees("小明 进入聊天室");
    server.program.sees("小明 说：有人吗");
    client.ends_input();
    assert_eq!(client.exit(), Some(0));
}

/// With a full disk behind each of the two streams, and with neither stream open at all, the room goes on.
#[test]
fn a_server_serves_on_whatever_becomes_of_its_streams() {
    let full = || {
        File::options()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full")
    };
    for (out, err) in [(true, false), (false, true), (true, true)] {
        // The first line says where it listens, so the port is one that was free before.
        let address = Server::start(&[]).address;
        let mut command = server_program();
        command
            .args(["--rate", "0", "--bind", &address.to_string()])
            .env("RUST_LOG", "debug");
        command.stdin(Stdio::piped());
        command.stdout(if out {
            Stdio::from(full())
        } else {
            Stdio::null()
        });
        command.stderr(if err {
            Stdio::from(full())
        } else {
            Stdio::null()
        });
        let mut server = Program::as_is(command);
        talk_through(address, 200);
        assert_eq!(server.has_ended(), None);
        server.types("/quit");
        assert_eq!(server.exit(), Some(0));
    }
    let address = Server::start(&[]).address;
    let mut command = programs::command("sh");
    command.args([
        "-c",
        "exec \"$0\" \"$@\" <&- >&- 2>&-",
        env!("CARGO_BIN_EXE_chat-server"),
        "--rate",
        "0",
        "--bind",
    ]);
    command.arg(address.to_string());
    let mut server = Program::as_is(command);
    talk_through(address, 200);
    assert_eq!(server.has_ended(), None);
}

/// Two come in, say something and leave.
fn talk_through(server: std::net::SocketAddr, lines: usize) {
    let mut speaker = Program::client("小明", server, &[]);
    let listener = Program::client("小红", server, &[]);
    // Either may be in first: each sees the other come, or is seen.
    let (mut lines_out, mut tries) = (0, 0);
    while lines_out == 0 {
        speaker.types("在吗");
        tries += 1;
        lines_out = listener
            .output
            .recv_timeout(Duration::from_millis(500))
            .map_or(0, |_| 1);
        assert!(tries < 40, "nobody hears");
    }
    for number in 0..lines {
        speaker.types(&format!("第 {number} 句"));
    }
    for number in 0..lines {
        listener.finds(Duration::from_secs(60), |line| {
            line == format!("小明 说：第 {number} 句")
        });
    }
    for mut client in [speaker, listener] {
        client.types("/quit");
        assert_eq!(client.exit(), Some(0));
    }
}

#[test]
fn a_client_ends_well_with_its_streams_closed() {
    let server = Server::start(&[]);
    let address = server.address.to_string();
    let program = env!("CARGO_BIN_EXE_chat-client");
    // No input: it comes, has nothing to say, and leaves. No output: what it says arrives.
    for (redirect, code) in [("<&-", 0), ("<&- >&- 2>&-", 0), ("2>/dev/full", 0)] {
        let mut command = programs::command("sh");
        let script = format!("exec \"$0\" \"$@\" {redirect}");
        command.args(["-c", &script, program, "--name", "小明", &address]);
        command.stdin(Stdio::null());
        let mut client = Program::as_is(command);
        assert_eq!(client.exit(), Some(code), "{redirect}");
        server.program.sees("小明 退出了聊天室");
    }
    // A full disk behind its output is a failure that is told.
    let mut friend = Program::client("小红", server.address, &[]);
    server.program.sees("小红 进入聊天室");
    let mut command = programs::command(program);
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    command.args(["--name", "小明", &address]);
    command
        .stdin(Stdio::piped())
        .stdout(full)
        .stderr(Stdio::piped());
    let mut client = Program::as_is(command);
    friend.sees("小明 进入聊天室");
    friend.types("看得见吗");
    assert_eq!(client.exit(), Some(1));
    let told = client.errors.recv_timeout(PATIENCE).expect("a word");
    assert!(told.contains("stdout"), "{told}");
}

/// As many descriptors as it has at its start, and none more.
#[test]
fn programs_without_a_descriptor_left_go_on_or_say_so() {
    let limited = |program: &str, files: usize, flags: &[&str]| {
        let mut command = programs::command("sh");
        let script = format!("ulimit -n {files}; exec \"$0\" \"$@\"");
        command.args(["-c", &script, program]).args(flags);
        command
    };
    // The lowest that suffices for three streams and a socket, whatever else a tester's shell hands down.
    let server = Server::start(&[]);
    let needs = 1 + { fs::read_dir(format!("/proc/{}/fd", server.program.id())).expect("it runs") }
        .map(|entry| entry.expect("a descriptor").path())
        .find(|entry| {
            fs::read_link(entry).is_ok_and(|open| open.to_string_lossy().starts_with("socket:"))
        })
        .and_then(|entry| entry.file_name()?.to_str()?.parse::<usize>().ok())
        .expect("its socket");
    drop(server);
    let program = env!("CARGO_BIN_EXE_chat-server");
    let flags = ["--bind", "127.0.0.1:0"];
    let server = Server::start_command(limited(program, needs, &flags));
    let before = server.program.descriptors();
    let mut crowd = crate::load::crowd::Crowd::new(server.address, 1);
    crowd.fill("m", 50);
    for speaker in 0..50 {
        crowd.says(speaker);
    }
    assert!(crowd.settle(PATIENCE));
    assert_eq!((crowd.check(), server.program.descriptors()), (0, before));
    // One that shall write a file as well says what is wrong, and ends.
    let file = scratch("descriptors").display().to_string();
    let more = ["--bind", "127.0.0.1:0", "--transcript", &file];
    let mut starved = Program::of(limited(program, needs, &more));
    assert_eq!(starved.exit(), Some(1));
    let told = starved.errors.recv_timeout(PATIENCE).expect("a word");
    assert!(
        told.starts_with("chat-server: ") && told.contains(&file),
        "{told}"
    );
    let program = env!("CARGO_BIN_EXE_chat-client");
    let flags = ["--name", "小明", &server.address.to_string()];
    // A client needs its socket and no more.
    let mut starved = Program::of(limited(program, needs, &flags));
    server.program.sees("小明 进入聊天室");
    starved.types("够用");
    server.program.sees("小明 说：够用");
    starved.types("/quit");
    assert_eq!(starved.exit(), Some(0));
}
