//! Command lines: flags, help, exit codes, and what both programs share at their edges.

use crate::limits;
use crate::room::Config;
use crate::text::{Lang, screen};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// How a program ended, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// As wished.
    Done = 0,
    /// Something failed that no other code names.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The name was refused.
    NameRefused = 3,
    /// The server does not answer, or fell silent before everything was delivered.
    Unreachable = 4,
    /// The server ended the session.
    Removed = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// What a command line asks for.
#[derive(Debug)]
pub enum Request<T> {
    /// To run with these options.
    Run(T),
    /// To print this and end.
    Print(String),
}

/// A command line that is wrong, in words that name the flag and the remedy.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError(pub String);

/// Options of `chat-server`.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where to listen.
    pub bind: String,
    /// The room's bounds.
    pub config: Config,
    /// The language of the operator's screen.
    pub lang: Lang,
}

/// Options of `chat-client`.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The name to enter under; asked for if there is none.
    pub name: Option<String>,
    /// Events from before that one would like to see; on a terminal some, else none.
    pub history: Option<usize>,
    /// The language of the screen.
    pub lang: Lang,
    /// The server.
    pub server: String,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The port of a server that is named without one.
pub const DEFAULT_PORT: u16 = 8888;
const DEFAULT_SERVER: &str = "127.0.0.1:8888";
const DEFAULT_BIND: &str = "0.0.0.0:8888";

/// Reads the command line of `chat-server`.
pub fn server_options(
    args: impl Iterator<Item = String>,
) -> Result<Request<ServerOptions>, UsageError> {
    let mut options = ServerOptions {
        bind: DEFAULT_BIND.into(),
        config: Config::default(),
        lang: Lang::default(),
    };
    let mut args = Args::new(args);
    while let Some(arg) = args.next() {
        let config = &mut options.config;
        match arg.as_str() {
            "-h" | "--help" => return Ok(Request::Print(server_help())),
            "-V" | "--version" => return Ok(Request::Print(format!("chat-server {VERSION}\n"))),
            "--bind" => options.bind = args.value(&arg)?,
            "--history" => {
                config.history = args.number(&arg, 0, limits::LOG_EVENTS as u64)? as usize
            }
            "--max-members" => {
                config.max_members = args.number(&arg, 1, limits::MEMBERS_MOST as u64)? as usize;
            }
            "--per-address" => {
                config.per_address =
                    Some(args.number(&arg, 0, limits::MEMBERS_MOST as u64)? as usize);
            }
            "--rate" => config.rate = args.number(&arg, 0, 1_000_000)? as u32,
            "--idle-timeout" => {
                config.idle_timeout = Duration::from_secs(args.number(&arg, 1, 65_535)?);
            }
            "--lang" => options.lang = args.lang(&arg)?,
            _ => return Err(args.unknown(&arg)),
        }
    }
    Ok(Request::Run(options))
}

/// Reads the command line of `chat-client`.
pub fn client_options(
    args: impl Iterator<Item = String>,
) -> Result<Request<ClientOptions>, UsageError> {
    let mut options = ClientOptions {
        name: None,
        history: None,
        lang: Lang::default(),
        server: DEFAULT_SERVER.into(),
    };
    let mut args = Args::new(args);
    let mut named = false;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-h" | "--help" => return Ok(Request::Print(client_help())),
            "-V" | "--version" => return Ok(Request::Print(format!("chat-client {VERSION}\n"))),
            "--name" => options.name = Some(args.value(&arg)?),
            "--history" => {
                options.history = Some(args.number(&arg, 0, u64::from(u16::MAX))? as usize);
            }
            "--lang" => options.lang = args.lang(&arg)?,
            _ if arg.starts_with('-') || named => return Err(args.unknown(&arg)),
            _ => {
                options.server = arg;
                named = true;
            }
        }
    }
    Ok(Request::Run(options))
}

fn server_help() -> String {
    format!(
        "\
chat-server：聊天室服务器 / the chat room's server

chat-server [--bind ADDR:PORT] [--history N] [--max-members N] [--per-address N]
            [--rate N] [--idle-timeout S] [--lang zh|en]

  --bind ADDR:PORT   where to listen; port 0: any free one   [{DEFAULT_BIND}]
  --history N        events that a newcomer may be shown     [{history}]
  --max-members N    members at once                         [{members}]
  --per-address N    members from one address; 0: no limit   [{per_address}; loopback: no limit]
  --rate N           utterances per second of one member,
                     after {burst} at once; 0: no limit           [{rate}]
  --idle-timeout S   seconds of silence until one has left   [{idle}]
  --lang zh|en       language of the screen                  [zh]
  -h, --help         this
  -V, --version      the version

A line that you type is announced to everyone. /who /kick NAME [why] /stats /quit /help;
//x announces /x. RUST_LOG=debug shows more on stderr.

Exit codes: 0 done, 1 failure, 2 usage.
",
        history = limits::HISTORY,
        members = limits::MEMBERS,
        per_address = limits::PER_ADDRESS,
        burst = limits::RATE_BURST,
        rate = limits::RATE,
        idle = limits::IDLE_TIMEOUT.as_secs(),
    )
}

fn client_help() -> String {
    format!(
        "\
chat-client：进入聊天室 / enter the chat room

chat-client [--name NAME] [--history N] [--lang zh|en] [SERVER]

  SERVER             HOST[:PORT] of the server               [{DEFAULT_SERVER}]
  --name NAME        the name to enter under                 [it asks]
  --history N        events from before to be shown          [{history} on a terminal, else 0]
  --lang zh|en       language of the screen                  [zh]
  -h, --help         this
  -V, --version      the version

Each line of input is said. /who /quit /help; //x says /x. The end of input leaves the room when
everything is delivered. RUST_LOG=debug shows more on stderr.

Exit codes: 0 done, 1 failure, 2 usage, 3 name refused, 4 server unreachable, 5 removed by the server.
",
        history = limits::HISTORY_WANTED,
    )
}

/// The words of a command line; `--flag=value` is `--flag value`.
struct Args<I> {
    args: I,
    value: Option<(String, String)>,
}

impl<I: Iterator<Item = String>> Args<I> {
    fn new(args: I) -> Args<I> {
        Args { args, value: None }
    }

    fn next(&mut self) -> Option<String> {
        // A value that no flag took belongs to a flag that takes none.
        if let Some((flag, value)) = self.value.take() {
            return Some(format!("{flag}={value}"));
        }
        let arg = self.args.next()?;
        match arg.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => {
                self.value = Some((flag.to_owned(), value.to_owned()));
                Some(flag.to_owned())
            }
            _ => Some(arg),
        }
    }

    fn value(&mut self, flag: &str) -> Result<String, UsageError> {
        let given = self
            .value
            .take()
            .map(|(_, value)| value)
            .or_else(|| self.args.next());
        given.ok_or_else(|| UsageError(format!("{flag} 缺少取值 / {flag} needs a value")))
    }

    fn number(&mut self, flag: &str, least: u64, most: u64) -> Result<u64, UsageError> {
        let value = self.value(flag)?;
        value.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
            let value = screen::harmless(&value);
            UsageError(format!(
                "{flag} {value}：须为 {least} 到 {most} 的整数 / {flag} takes a whole number from {least} to {most}"
            ))
        })
    }

    fn lang(&mut self, flag: &str) -> Result<Lang, UsageError> {
        let value = self.value(flag)?;
        Lang::from_code(&value).ok_or_else(|| {
            let value = screen::harmless(&value);
            UsageError(format!(
                "{flag} {value}：须为 zh 或 en / {flag} takes zh or en"
            ))
        })
    }

    fn unknown(&self, arg: &str) -> UsageError {
        let arg = screen::harmless(arg);
        UsageError(format!("不认识 {arg} / unknown argument {arg}"))
    }
}

/// What a program that ends is to say and return: prints help to stdout, a usage error to stderr.
pub fn start<T>(
    program: &str,
    request: Result<Request<T>, UsageError>,
    run: impl FnOnce(T) -> Exit,
) -> ExitCode {
    let exit = match request {
        Ok(Request::Run(options)) => {
            env_logger::init();
            run(options)
        }
        Ok(Request::Print(text)) => {
            // A reader that has seen enough is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            Exit::Done
        }
        Err(UsageError(what)) => {
            complain(&format!(
                "{program}: {what}\n用 {program} --help 查看用法 / see {program} --help"
            ));
            Exit::Usage
        }
    };
    exit.into()
}

/// The command line's words, those that are not UTF-8 made so.
pub fn args() -> impl Iterator<Item = String> {
    std::env::args_os()
        .skip(1)
        .map(|arg| arg.to_string_lossy().into_owned())
}

/// A diagnostic, on stderr. If nobody reads that, nobody misses it.
pub fn complain(what: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{what}");
}

/// Bytes that the operating system's random source gave.
///
/// One byte of `/dev/random` first: it waits until the source is seeded, which `/dev/urandom` does not.
pub fn os_random<const N: usize>() -> std::io::Result<[u8; N]> {
    use std::io::Read;
    let mut bytes = [0; N];
    std::fs::File::open("/dev/random")?.read_exact(&mut [0])?;
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// What a person typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// Nothing.
    Nothing,
    /// Words for the room.
    Text(&'a str),
    /// A command, and what follows it.
    Command(&'a str, &'a str),
}

/// Takes a typed line apart: `/x` is a command, `//x` says `/x`.
pub fn read_line(line: &str) -> Typed<'_> {
    match line.strip_prefix('/') {
        _ if line.is_empty() => Typed::Nothing,
        None => Typed::Text(line),
        Some(rest) if rest.starts_with('/') => Typed::Text(rest),
        Some(rest) => {
            let (command, argument) = rest.split_once(' ').unwrap_or((rest, ""));
            Typed::Command(command, argument.trim())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> impl Iterator<Item = String> {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn server(line: &str) -> Result<ServerOptions, String> {
        match server_options(args(line)) {
            Ok(Request::Run(options)) => Ok(options),
            Ok(Request::Print(text)) => Err(text),
            Err(UsageError(what)) => Err(what),
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
        assert_eq!(server("").unwrap().bind, DEFAULT_BIND);
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
        let Ok(Request::Run(options)) = client_options(args("--name 小明 --history 7 host:1"))
        else {
            panic!("refused");
        };
        assert_eq!(
            (options.name.as_deref(), options.history),
            (Some("小明"), Some(7))
        );
        assert_eq!(options.server, "host:1");
        assert!(client_options(args("a:1 b:2")).is_err());
        assert!(client_options(args("--nmae x")).is_err());
    }

    #[test]
    fn typed_lines() {
        assert_eq!(read_line(""), Typed::Nothing);
        assert_eq!(read_line("你好"), Typed::Text("你好"));
        assert_eq!(read_line("//quit"), Typed::Text("/quit"));
        assert_eq!(
            read_line("/kick 小明 太吵"),
            Typed::Command("kick", "小明 太吵")
        );
        assert_eq!(read_line(" /quit"), Typed::Text(" /quit"));
        assert_eq!(read_line("/"), Typed::Command("", ""));
    }
}
