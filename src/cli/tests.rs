//! Command lines, the environment and the config file.

use super::*;
use crate::limits;
use crate::room::{Classic, Config};
use crate::text::Lang;
use std::path::PathBuf;
use std::time::Duration;

fn args(line: &str) -> impl Iterator<Item = String> {
    line.split_whitespace()
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

fn told<T>(request: Result<Request<T>, UsageError>) -> Result<T, String> {
    match request {
        Ok(Request::Run(options)) => Ok(options),
        Ok(Request::Print(text)) => Err(text),
        Err(UsageError(what)) => Err(what),
    }
}

fn server_among(line: &str, variables: &[(&str, &str)]) -> Result<ServerOptions, String> {
    told(server_options_in(
        args(line),
        &Surroundings::with(variables),
    ))
}

fn server(line: &str) -> Result<ServerOptions, String> {
    server_among(line, &[])
}

fn client_among(line: &str, variables: &[(&str, &str)]) -> Result<ClientOptions, String> {
    told(client_options_in(
        args(line),
        &Surroundings::with(variables),
    ))
}

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("chatroom-cli-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(path.join("chatroom")).unwrap();
        Folder(path)
    }

    /// The config file, with this text.
    fn config(&self, text: &str) -> String {
        let path = self.0.join("chatroom/config");
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn flags_of_the_server() {
    let options = server(
        "--bind 127.0.0.1:0 --history=5 --max-members 9 --per-address 2 --rate 0 --idle-timeout 3 --lang en",
    )
    .unwrap();
    assert_eq!(
        (options.bind.as_str(), options.lang),
        ("127.0.0.1:0", Lang::En)
    );
    let config = options.config;
    assert_eq!(
        (config.history, config.max_members, config.per_address),
        (5, 9, Some(2))
    );
    assert_eq!(
        (config.rate, config.idle_timeout),
        (0, Duration::from_secs(3))
    );
    assert_eq!(server("").unwrap().bind, "0.0.0.0:8888");
}

#[test]
fn where_to_listen_has_a_host_and_a_port() {
    for bad in [
        "foo",
        ":8888",
        "0.0.0.0:",
        "0.0.0.0:65536",
        "0.0.0.0:x",
        "::1",
        "[::1]",
        "::1:8888",
        "[0.0.0.0]:8888",
    ] {
        let what = server(&format!("--bind {bad}")).expect_err(bad);
        assert!(what.contains("[::1]:8888"), "{what}");
    }
    for good in ["0.0.0.0:0", "[::1]:8888", "localhost:1"] {
        assert_eq!(server(&format!("--bind {good}")).expect(good).bind, good);
    }
}

#[test]
fn a_server_that_can_be_no_address_is_refused_with_the_remedy() {
    let clients = |server: &str| {
        [
            client_among(server, &[]),
            client_among("", &[("CHATROOM_SERVER", server)]),
        ]
    };
    for bad in [
        "::1",
        "fe80::1:8888",
        "[::1",
        "[::1]x",
        "[127.0.0.1]:8888",
        ":8888",
        "host:",
        "host:x",
        "127.0.0.1:99999",
        "127.0.0.1:0",
    ] {
        for told in clients(bad) {
            let what = told.expect_err(bad);
            let named = what.contains(&format!("SERVER {bad}："));
            assert!(named && what.contains("[::1]:8888"), "{what}");
        }
    }
    for good in [
        "[::1]",
        "[::1]:1",
        "[fe80::1%eth0]:8888",
        "host",
        "host:65535",
        "例子.网络",
    ] {
        for options in clients(good) {
            assert_eq!(options.expect(good).server, good);
        }
    }
}

/// By its name or its number.
#[cfg(target_os = "linux")]
#[test]
fn an_interface_behind_an_address_is_found_with_a_port_and_without() {
    for (text, port) in [
        ("[fe80::1%lo]", DEFAULT_PORT),
        ("[fe80::1%lo]:1", 1),
        ("[fe80::1%1]", DEFAULT_PORT),
        ("[fe80::1%1]:1", 1),
        ("[::1]:1", 1),
        ("127.0.0.1", DEFAULT_PORT),
    ] {
        let found = resolve(text).expect(text);
        let at_port = found.iter().all(|address| address.port() == port);
        assert!(at_port && found.len() == 1, "{text}: {found:?}");
    }
}

#[test]
fn what_does_nothing_with_a_course_program_is_refused() {
    for flag in ["--json", "--resume f"] {
        let what = client_among(&format!("--classic {flag} x"), &[]).expect_err(flag);
        assert!(what.contains("leave one of them out"), "{what}");
    }
    let off = client_among("--classic x", &[("CHATROOM_JSON", "off")]);
    assert!(off.expect("it is off").classic);
}

#[test]
fn classic_programs_are_let_in_only_if_asked_for() {
    let config = |line| server(line).unwrap().config;
    assert_eq!(config("").classic, Classic::Nobody);
    assert_eq!(config("--classic-idle 5").classic, Classic::Nobody);
    assert_eq!(config("--classic").classic, Classic::Near);
    assert_eq!(config("--classic=any").classic, Classic::Any);
    let config = config("--classic --classic-idle 5 --lang en");
    assert_eq!(config.classic_idle, Duration::from_secs(5));
    assert_eq!((config.classic, config.lang), (Classic::Near, Lang::En));
    for wrong in [
        "--classic any",
        "--classic=all",
        "--classic=",
        "--classic-idle 0",
    ] {
        let told = server(wrong).unwrap_err();
        assert!(told.contains("--classic") || told.contains("any"), "{told}");
    }
    assert_eq!(Config::default().classic_idle.as_secs(), 30 * 60);
    for (said, classic) in [
        ("on", Classic::Near),
        ("any", Classic::Any),
        ("off", Classic::Nobody),
    ] {
        let variables = [("CHATROOM_CLASSIC", said)];
        let options = server_among("", &variables).unwrap();
        assert_eq!(options.config.classic, classic);
        assert!(!client_among("", &variables).unwrap().classic);
    }
    for (lang, forge) in [("en", "forge"), ("zh", "伪造")] {
        let help = server(&format!("--lang {lang} --help")).unwrap_err();
        for told in ["--classic[=any]", "--classic-idle S", forge] {
            assert!(help.replace('\n', "").contains(told), "{told}");
        }
    }
    for line in ["--classic host:1 --name a", "--name a --classic host:1"] {
        let options = client_among(line, &[]).unwrap();
        assert!(options.classic && options.server == "host:1", "{line}");
    }
    assert!(!client_among("host:1", &[]).unwrap().classic);
    assert!(client_among("--classic=any host:1", &[]).is_err());
}

#[test]
fn wrong_flags_are_named() {
    for (line, named) in [
        ("--history many", "--history"),
        ("--idle-timeout 0", "--idle-timeout"),
        ("--lang fr", "--lang"),
        ("--bind", "--bind"),
        ("--frob", "--frob"),
        ("extra", "extra"),
        ("--help=3", "--help"),
    ] {
        let told = server(line).unwrap_err();
        assert!(told.contains(named), "{line}: {told}");
    }
    assert!(server("--help").unwrap_err().contains("--per-address"));
    assert!(server("-V").unwrap_err().starts_with("chat-server "));
}

#[test]
fn flags_of_the_client() {
    let options = client_among("--name 小明 --history 7 host:1", &[]).unwrap();
    assert_eq!(
        (options.name.as_deref(), options.history),
        (Some("小明"), Some(7))
    );
    assert_eq!(options.server, "host:1");
    assert_eq!(client_among("", &[]).unwrap().server, "127.0.0.1:8888");
    assert!(client_among("a:1 b:2", &[]).is_err());
    assert!(client_among("--nmae x", &[]).is_err());
}

#[test]
fn the_nearest_word_counts() {
    let folder = Folder::new("nearest");
    let path = folder
        .config("# for both\nlang = en\n\nhistory=1\nserver.history = 2\n client.name =  小 明 \n");
    let home = [("XDG_CONFIG_HOME", folder.path())];
    let options = server_among("", &home).unwrap();
    assert_eq!((options.config.history, options.lang), (2, Lang::En));
    let options = client_among("", &home).unwrap();
    assert_eq!(
        (options.history, options.name.as_deref()),
        (Some(1), Some("小 明"))
    );
    // Without the variable it is looked for below the home.
    std::fs::create_dir_all(folder.0.join(".config/chatroom")).unwrap();
    std::fs::write(folder.0.join(".config/chatroom/config"), "history = 6").unwrap();
    let options = server_among("", &[("HOME", folder.path())]).unwrap();
    assert_eq!(options.config.history, 6);
    let named = [("CHATROOM_CONFIG", path.as_str())];
    assert_eq!(server_among("", &named).unwrap().config.history, 2);
    let both = [home[0], ("CHATROOM_HISTORY", "3"), ("CHATROOM_LANG", "")];
    let options = server_among("", &both).unwrap();
    assert_eq!((options.config.history, options.lang), (3, Lang::En));
    let options = server_among("--history 4 --history 5 --lang zh", &both).unwrap();
    assert_eq!((options.config.history, options.lang), (5, Lang::Zh));
    assert_eq!(
        client_among("", &[("CHATROOM_SERVER", "host:9")])
            .unwrap()
            .server,
        "host:9"
    );
}

#[test]
fn what_is_wrong_is_named_where_it_was_said() {
    let folder = Folder::new("wrong");
    let home = [("XDG_CONFIG_HOME", folder.path())];
    for (text, named) in [
        ("\nhistroy = 5", "config:2: 不认识 histroy"),
        ("client.bind = x", "config:1: 不认识 client.bind"),
        ("server.help = on", "config:1: 不认识 server.help"),
        ("history", "config:1: “history”须写成 key = value"),
        ("history = many", "config:1: history many：须为 0 到"),
        ("rate = 1\nrate = 2", "config:2: rate 重复"),
        (
            "server.lang = fr",
            "config:1: server.lang fr：须为 zh 或 en",
        ),
    ] {
        folder.config(text);
        let what = server_among("", &home).unwrap_err();
        assert!(what.contains(named), "{text}: {what}");
    }
    // What is said to the other program is its own affair.
    folder.config("client.history = many");
    assert!(server_among("", &home).is_ok());
    assert!(client_among("", &home).is_err());
    folder.config(&format!("#{}", "x".repeat(limits::CONFIG_BYTES as usize)));
    assert!(server_among("", &home).unwrap_err().contains("bytes"));

    let what = server_among("", &[("CHATROOM_RATE", "fast")]).unwrap_err();
    assert!(what.starts_with("CHATROOM_RATE fast"), "{what}");
    let what = server_among("--config /nowhere/at/all", &[]).unwrap_err();
    assert!(what.contains("/nowhere/at/all"), "{what}");
}

#[test]
fn help_is_there_whatever_else_is_wrong() {
    let wrong = [("CHATROOM_RATE", "fast"), ("CHATROOM_CONFIG", "/nowhere")];
    assert!(
        server_among("--help", &wrong)
            .unwrap_err()
            .contains("--rate")
    );
    let zh = |variables| {
        server_among("--help", variables)
            .unwrap_err()
            .contains("退出码")
    };
    assert!(!zh(&[]) && zh(&[("LANG", "zh_CN.UTF-8")]) && zh(&[("CHATROOM_LANG", "zh")]));
    assert!(!zh(&[("LC_ALL", "en_US.UTF-8"), ("LANG", "zh_CN.UTF-8")]));
    assert!(
        server_among("--lang zh --help", &[])
            .unwrap_err()
            .contains("退出码")
    );
}

#[test]
fn settings_are_listed_with_where_they_were_said() {
    let folder = Folder::new("listed");
    let path = folder.config("history = 7");
    let variables = [("XDG_CONFIG_HOME", folder.path()), ("CHATROOM_RATE", "3")];
    let options = server_among("--check-config --lang en", &variables).unwrap();
    let listing = options.check.unwrap();
    for line in [
        "server.bind = 0.0.0.0:8888  # default",
        "server.lang = en  # command line",
        "server.rate = 3  # CHATROOM_RATE",
        &format!("server.history = 7  # {path}:1"),
    ] {
        assert!(
            listing.lines().any(|found| found == line),
            "{line}\n{listing}"
        );
    }
    assert_eq!(server("").unwrap().check, None);
}

#[test]
fn the_tables_agree_with_the_limits_and_with_themselves() {
    let per_address = SERVER.flag("per-address").unwrap();
    let table::Default::Words(words) = per_address.default else {
        panic!("{per_address:?}")
    };
    assert!(words.en.starts_with(&format!("{};", limits::PER_ADDRESS)));
    let rate = SERVER.flag("rate").unwrap();
    assert!(
        rate.says
            .en
            .contains(&format!("after {} at once", limits::RATE_BURST))
    );
    let history = CLIENT.flag("history").unwrap();
    let table::Default::Words(words) = history.default else {
        panic!("{history:?}")
    };
    assert!(
        words
            .en
            .starts_with(&format!("{} ", limits::HISTORY_WANTED))
    );
    let port = format!(":{DEFAULT_PORT}");
    for (program, name) in [(&SERVER, "bind"), (&CLIENT, "server")] {
        let default = program.flag(name).unwrap().default;
        assert!(matches!(default, table::Default::Is(text) if text.ends_with(&port)));
    }
    for program in [&SERVER, &CLIENT] {
        for flag in program.flags {
            let default = match flag.default {
                table::Default::Is(text) => text.to_owned(),
                table::Default::Number(number) => number.to_string(),
                table::Default::Words(_) | table::Default::None => continue,
            };
            assert_eq!(flag.value.complaint(&default), None, "{}", flag.name);
        }
    }
}

#[test]
fn rooms_are_looked_for_unless_a_server_is_named() {
    let find = |line: &str, variables: &[(&str, &str)]| client_among(line, variables).unwrap().find;
    assert_eq!(find("", &[]), Find::Around);
    assert_eq!(find("--find off", &[]), Find::Off);
    assert_eq!(find("host", &[]), Find::Off);
    assert_eq!(find("--classic", &[]), Find::Off);
    assert_eq!(
        find("--find 127.0.0.1:1", &[("CHATROOM_SERVER", "host")]),
        Find::Off
    );
    let places = ["127.0.0.1:1", "[::1]:2"].map(|place| place.parse().unwrap());
    assert_eq!(
        find("", &[("CHATROOM_FIND", "127.0.0.1:1, [::1]:2")]),
        Find::At(places.into())
    );
    assert!(client_among("--find here", &[]).is_err());
}
