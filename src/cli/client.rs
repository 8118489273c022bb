//! The command line of `chat-client`.

use super::given::{Given, Surroundings};
use super::server::{CONFIG, HELP, LANG, VERSION};
use super::table::{Default, Flag, Program, Scope, Value, Verb, words};
use super::{Exit, Request, UsageError};
use crate::commands;
use crate::limits;
use crate::text::{Lang, screen};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The table.
pub static CLIENT: Program = Program {
    name: "chat-client",
    section: "client",
    about: words("进入聊天室", "enter the chat room"),
    flags: FLAGS,
    verbs: VERBS,
    notes: words(
        "输入的每一行都会说出去；//x 说 /x。输入结束后，等一切送达再离开。RUST_LOG=debug 在 stderr 显示更多。",
        "Each line of input is said; //x says /x. The end of input leaves the room when everything is delivered. RUST_LOG=debug shows more on stderr.",
    ),
    exits: &[
        (Exit::Done, words("正常", "done")),
        (Exit::Failure, words("失败", "failure")),
        (Exit::Usage, words("用法错误", "usage")),
        (Exit::NameRefused, words("姓名被拒绝", "name refused")),
        (
            Exit::Unreachable,
            words("服务器无应答", "server unreachable"),
        ),
        (
            Exit::Removed,
            words("被服务器移出", "removed by the server"),
        ),
    ],
};

const FLAGS: &[Flag] = &[
    Flag::new(
        "server",
        Value::Server,
        "SERVER",
        Default::Is("127.0.0.1:8888"),
        words(
            "服务器 HOST[:PORT]；不写则先寻找，找不到才用默认值",
            "HOST[:PORT] of the server; without it rooms are looked for, and the default is for when there are none",
        ),
    ),
    Flag::new(
        "name",
        Value::Text,
        "NAME",
        Default::Words(words("询问", "it asks")),
        words("进入时用的姓名", "the name to enter under"),
    ),
    Flag::new(
        "history",
        Value::Number(0, limits::LOG_EVENTS as u64),
        "N",
        Default::Words(words("终端上 20，否则 0", "20 on a terminal, else 0")),
        words(
            "想看到的先前事件数；服务器显示的不超过它的 --history",
            "events from before to be shown; the server shows no more than its own --history",
        ),
    ),
    Flag::new(
        "find",
        Value::Text,
        "off|ADDR:PORT,…",
        Default::Words(words(
            "本机与本地网络",
            "this machine and the local network",
        )),
        words(
            "未写 SERVER 时在哪里寻找聊天室；off 不寻找",
            "where rooms are looked for without SERVER; off: nowhere",
        ),
    ),
    Flag::switch(
        "doctor",
        words(
            "不进入，只检查到 SERVER（或找到的聊天室）的网络：0 表示正常，4 表示不通",
            "does not enter, but says what is wrong on the way to SERVER, or to the rooms that are found: 0 if all is well, else 4",
        ),
    )
    .only(Scope::CommandLine),
    // Not elsewhere: there it is the server's flag.
    Flag::switch(
        "classic",
        words(
            "SERVER 是使用文本协议（L、C、Q）的课程程序：不验证身份、不确认、不重发",
            "SERVER is a course program that speaks the text protocol (L, C, Q): nothing is authenticated, acknowledged or sent again",
        ),
    )
    .only(Scope::CommandLine),
    Flag::new(
        "color",
        Value::Choice(&["auto", "always", "never"]),
        "auto|always|never",
        Default::Is("auto"),
        words("颜色", "colours"),
    )
    .in_terminal(),
    Flag::switch(
        "json",
        words("每个事件输出一行 JSON", "each event as a line of JSON"),
    ),
    Flag::new(
        "resume",
        Value::File,
        "FILE",
        Default::None,
        words(
            "被杀掉后重新启动，仍是同一个人",
            "be the same person after having been killed",
        ),
    ),
    LANG,
    CONFIG,
    HELP,
    VERSION,
];

/// The client's own table of commands.
const VERBS: &[Verb] = &{
    const NONE: Verb = Verb {
        name: "",
        arguments: "",
        says: words("", ""),
    };
    let mut verbs = [NONE; commands::CLIENT.len()];
    let mut at = 0;
    while at < verbs.len() {
        let command = &commands::CLIENT[at];
        verbs[at] = Verb {
            name: command.name,
            arguments: command.arguments,
            says: words(command.zh, command.en),
        };
        at += 1;
    }
    verbs
};

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal that has some, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether and where to look for rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Find {
    /// Nowhere: the server is named, or the default one is wanted.
    Off,
    /// On this machine and the local network.
    Around,
    /// At these addresses.
    At(Vec<SocketAddr>),
}

/// Options of `chat-client`.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The name to enter under; asked for if there is none.
    pub name: Option<String>,
    /// Events from before that one would like to see; on a terminal some, else none.
    pub history: Option<usize>,
    /// Where to leave behind what a program needs that goes on as this one.
    pub resume: Option<PathBuf>,
    /// The language of the screen.
    pub lang: Lang,
    /// The server speaks the classroom's text protocol.
    pub classic: bool,
    /// When to use colours.
    pub color: Color,
    /// Events as JSON, a line each.
    pub json: bool,
    /// Where to look for rooms first.
    pub find: Find,
    /// Nothing but what is wrong on the way to the server is wanted.
    pub doctor: bool,
    /// The server, unless another is found.
    pub server: String,
}

/// Reads what was said to `chat-client`: this command line, the environment, the config file.
pub fn client_options(
    args: impl Iterator<Item = String>,
) -> Result<Request<ClientOptions>, UsageError> {
    client_options_in(args, &Surroundings::of_process())
}

/// The same in other surroundings.
pub fn client_options_in(
    args: impl Iterator<Item = String>,
    surroundings: &Surroundings,
) -> Result<Request<ClientOptions>, UsageError> {
    let given = match Given::read(&CLIENT, args, surroundings)? {
        Request::Run(given) => given,
        Request::Print(text) => return Ok(Request::Print(text)),
    };
    let find = find(given.text("find"))?;
    // A course's server does not answer who looks for it.
    let named = given.is_said("server") || given.is_on("classic");
    let doctor = given.is_on("doctor");
    if doctor && given.is_on("classic") {
        return Err(UsageError(
            "--doctor 检查不了课程程序，请去掉 --classic / --doctor cannot examine a course program: leave --classic out".into(),
        ));
    }
    let idle = [
        ("json", given.is_on("json")),
        ("resume", given.is_said("resume")),
    ];
    for (flag, said) in idle {
        if said && given.is_on("classic") {
            return Err(UsageError(format!(
                "--{flag} 不能与 --classic 同用，请去掉其一 / --{flag} does nothing with --classic: leave one of them out"
            )));
        }
    }
    Ok(Request::Run(ClientOptions {
        doctor,
        name: given.text("name").map(str::to_owned),
        history: given.number("history").map(|history| history as usize),
        resume: given.text("resume").map(PathBuf::from),
        lang: given.lang(),
        classic: given.is_on("classic"),
        color: match given.text("color") {
            Some("always") => Color::Always,
            Some("never") => Color::Never,
            _ => Color::Auto,
        },
        json: given.is_on("json"),
        find: if named { Find::Off } else { find },
        server: given.text("server").unwrap_or_default().to_owned(),
    }))
}

fn find(said: Option<&str>) -> Result<Find, UsageError> {
    match said {
        None => Ok(Find::Around),
        Some("off") => Ok(Find::Off),
        Some(list) => {
            let places = list.split(',').map(|place| place.trim().parse());
            let places: Result<Vec<SocketAddr>, _> = places.collect();
            let wrong = |_| {
                let said = screen::harmless(list);
                UsageError(format!(
                    "--find {said}：须为 off 或以逗号分隔的地址，例如 192.168.1.255:28888 / takes off, or addresses between commas such as 192.168.1.255:28888"
                ))
            };
            places.map(Find::At).map_err(wrong)
        }
    }
}
