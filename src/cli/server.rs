//! The command line of `chat-server`.

use super::given::{Given, Surroundings};
use super::table::{Default, Flag, Program, Scope, Value, Verb, words};
use super::{Exit, Request, UsageError};
use crate::limits;
use crate::room::{Classic, Config};
use crate::text::Lang;
use std::path::PathBuf;
use std::time::Duration;

/// The table.
pub static SERVER: Program = Program {
    name: "chat-server",
    section: "server",
    about: words("聊天室服务器", "the chat room's server"),
    flags: FLAGS,
    verbs: VERBS,
    notes: words(
        "直接输入的每一行都会向所有人宣布；//x 宣布 /x。RUST_LOG=debug 在 stderr 显示更多。警告：--classic 的文字登录无法证明来源地址，能伪造地址的人可借此把聊天室的消息引向他人，因此默认关闭，且只接受本机和私有网段的登录；--classic=any 接受任何地址，切勿用于公网能访问的服务器。",
        "A line that you type is announced to everyone; //x announces /x. RUST_LOG=debug shows more on stderr. Warning: with --classic, a text login proves nothing about the sender's address; whoever can forge one can turn the room's traffic on a stranger. So it is off by default, and even then only loopback and private addresses are let in. --classic=any lets in any address: never on a server that the internet can reach.",
    ),
    exits: &[
        (Exit::Done, words("正常", "done")),
        (Exit::Failure, words("失败", "failure")),
        (Exit::Usage, words("用法错误", "usage")),
    ],
};

const FLAGS: &[Flag] = &[
    Flag::new(
        "bind",
        Value::Bind,
        "ADDR:PORT",
        Default::Is("0.0.0.0:8888"),
        words(
            "监听地址；端口 0 为任一空闲端口",
            "where to listen; port 0: any free one",
        ),
    ),
    Flag::new(
        "history",
        Value::Number(0, limits::LOG_EVENTS as u64),
        "N",
        Default::Number(limits::HISTORY as u64),
        words(
            "新成员最多可看到的先前事件数",
            "events that a newcomer may be shown",
        ),
    ),
    Flag::new(
        "max-members",
        Value::Number(1, limits::MEMBERS_MOST as u64),
        "N",
        Default::Number(limits::MEMBERS as u64),
        words("同时在线的成员数", "members at once"),
    ),
    Flag::new(
        "per-address",
        Value::Number(0, limits::MEMBERS_MOST as u64),
        "N",
        Default::Words(words("64；本机不限", "64; loopback: no limit")),
        words(
            "同一地址的成员数；0：不限",
            "members from one address; 0: no limit",
        ),
    ),
    Flag::new(
        "rate",
        Value::Number(0, 1_000_000),
        "N",
        Default::Number(limits::RATE as u64),
        words(
            "每位成员每秒的发言数，可一次连发 20 条；0：不限",
            "utterances per second of one member, after 20 at once; 0: no limit",
        ),
    ),
    Flag::new(
        "idle-timeout",
        Value::Number(1, 65_535),
        "S",
        Default::Number(limits::IDLE_TIMEOUT.as_secs()),
        words(
            "沉默多少秒后视为离开",
            "seconds of silence until one has left",
        ),
    ),
    Flag::new(
        "classic",
        Value::Mode(&["any"]),
        "",
        Default::None,
        words(
            "也接受使用文本协议（L、C、Q）的课程程序；请先看其警告",
            "lets in course programs that speak the text protocol (L, C, Q); mind the warning",
        ),
    ),
    Flag::new(
        "classic-idle",
        Value::Number(1, 31_536_000),
        "S",
        Default::Number(limits::CLASSIC_IDLE.as_secs()),
        words(
            "它们沉默多少秒后视为离开",
            "the same as --idle-timeout for them",
        ),
    ),
    Flag::new(
        "title",
        Value::Line(limits::TITLE_BYTES),
        "TEXT",
        Default::Words(words("本机名", "the machine's name")),
        words(
            "在局域网上被寻找时显示的聊天室名称",
            "what the room is called when it is looked for on the network",
        ),
    ),
    Flag::switch(
        "no-discovery",
        words(
            "不回应在局域网上寻找聊天室的人",
            "does not answer those who look for rooms on the network",
        ),
    ),
    Flag::new(
        "bans",
        Value::File,
        "FILE",
        Default::Words(words(
            "$STATE_DIRECTORY/bans（systemd 提供时），否则不保存",
            "$STATE_DIRECTORY/bans where systemd gives one, else none",
        )),
        words("保存禁令的文件", "keeps the bans over a restart"),
    ),
    Flag::new(
        "transcript",
        Value::File,
        "FILE",
        Default::None,
        words(
            "把所说的话追加到文件（不含悄悄话）",
            "appends what is said to the file, whispers never",
        ),
    ),
    Flag::new(
        "transcript-format",
        Value::Choice(&["plain", "json"]),
        "plain|json",
        Default::Words(words(
            ".json、.jsonl 为 json，否则 plain",
            "json for .json and .jsonl, else plain",
        )),
        words("其中的行：文字或 JSON", "its lines"),
    ),
    Flag::new(
        "metrics",
        Value::File,
        "FILE",
        Default::None,
        words(
            "每 15 秒把计数写入文件（Prometheus 文本格式）",
            "writes the counters every 15 s, in the text format of Prometheus",
        ),
    ),
    LANG,
    CONFIG,
    Flag::switch(
        "check-config",
        words(
            "检查各项设置，列出后退出",
            "checks all settings, lists them, and ends",
        ),
    )
    .only(Scope::CommandLine),
    HELP,
    VERSION,
];

/// Flags that both programs have.
pub(super) const LANG: Flag = Flag::new(
    "lang",
    Value::Choice(&["zh", "en"]),
    "zh|en",
    Default::Is("zh"),
    words("界面语言", "language of the screen"),
);
pub(super) const CONFIG: Flag = Flag::new(
    "config",
    Value::File,
    "FILE",
    Default::Words(words(
        "$XDG_CONFIG_HOME/chatroom/config",
        "$XDG_CONFIG_HOME/chatroom/config",
    )),
    words("配置文件", "the config file"),
)
.only(Scope::Environment);
pub(super) const HELP: Flag = Flag::switch("help", words("本说明", "this"))
    .or('h')
    .only(Scope::CommandLine);
pub(super) const VERSION: Flag = Flag::switch("version", words("版本", "the version"))
    .or('V')
    .only(Scope::CommandLine);

const VERBS: &[Verb] = &[
    Verb {
        name: "who",
        arguments: "",
        says: words(
            "谁在聊天室：地址、滞后、重发、往返、时间",
            "who is here: address, lag, what had to be sent again, round trip, time",
        ),
    },
    Verb {
        name: "kick",
        arguments: "NAME [why]",
        says: words("请出一位成员", "removes a member"),
    },
    Verb {
        name: "ban",
        arguments: "NAME|ADDRESS [10m]",
        says: words(
            "禁止进入（30s、10m、2h、7d，或长期）",
            "lets nobody in under a name or from an address, for a time (30s, 10m, 2h, 7d) or for good",
        ),
    },
    Verb {
        name: "unban",
        arguments: "NAME|ADDRESS",
        says: words(
            "解除禁止；/ban 列出全部",
            "takes a ban back; /ban lists all",
        ),
    },
    Verb {
        name: "mute",
        arguments: "NAME [10m]",
        says: words("禁言一位成员", "lets a member listen and not speak"),
    },
    Verb {
        name: "unmute",
        arguments: "NAME",
        says: words(
            "解除禁言；/mute 列出全部",
            "lets it speak again; /mute lists all",
        ),
    },
    Verb {
        name: "say",
        arguments: "TEXT",
        says: words(
            "对所有人说话",
            "announces, as a line without a command does",
        ),
    },
    Verb {
        name: "history",
        arguments: "on|off",
        says: words(
            "新成员是否可看到先前的消息",
            "whether newcomers are shown what was said before",
        ),
    },
    Verb {
        name: "stats",
        arguments: "",
        says: words("计数", "counters"),
    },
    Verb {
        name: "quit",
        arguments: "",
        says: words("关闭聊天室", "closes the room"),
    },
    Verb {
        name: "help",
        arguments: "",
        says: words("本说明", "this"),
    },
];

/// Options of `chat-server`.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where to listen.
    pub bind: String,
    /// The room's bounds.
    pub config: Config,
    /// The language of the operator's screen.
    pub lang: Lang,
    /// What the room is called when it is looked for; the machine's name if that is not said.
    pub title: Option<String>,
    /// Whether the room is to be found by those who look for one.
    pub discovery: bool,
    /// Where the bans are kept, if anywhere.
    pub bans: Option<PathBuf>,
    /// Where what is said is written to, if anywhere, and whether as JSON.
    pub transcript: Option<(PathBuf, bool)>,
    /// Where the numbers are written to, if anywhere.
    pub metrics: Option<PathBuf>,
    /// The command line, to be read again.
    pub args: Vec<String>,
    /// Only to check: these are the settings that were found.
    pub check: Option<String>,
}

/// Reads what was said to `chat-server`: this command line, the environment, the config file.
pub fn server_options(
    args: impl Iterator<Item = String>,
) -> Result<Request<ServerOptions>, UsageError> {
    server_options_in(args, &Surroundings::of_process())
}

/// The same in other surroundings.
pub fn server_options_in(
    args: impl Iterator<Item = String>,
    surroundings: &Surroundings,
) -> Result<Request<ServerOptions>, UsageError> {
    let args: Vec<String> = args.collect();
    let given = match Given::read(&SERVER, args.iter().cloned(), surroundings)? {
        Request::Run(given) => given,
        Request::Print(text) => return Ok(Request::Print(text)),
    };
    let defaults = Config::default();
    let number =
        |name, default: usize| given.number(name).map_or(default, |number| number as usize);
    let config = Config {
        history: number("history", defaults.history),
        max_members: number("max-members", defaults.max_members),
        per_address: given.number("per-address").map(|most| most as usize),
        rate: number("rate", defaults.rate as usize) as u32,
        idle_timeout: given
            .number("idle-timeout")
            .map_or(defaults.idle_timeout, Duration::from_secs),
        classic: match given.text("classic") {
            Some("any") => Classic::Any,
            _ if given.is_on("classic") => Classic::Near,
            _ => Classic::Nobody,
        },
        classic_idle: given
            .number("classic-idle")
            .map_or(defaults.classic_idle, Duration::from_secs),
        lang: given.lang(),
        ..defaults
    };
    Ok(Request::Run(ServerOptions {
        bind: given.text("bind").unwrap_or_default().to_owned(),
        config,
        lang: given.lang(),
        transcript: transcript(&given),
        metrics: given.text("metrics").map(PathBuf::from),
        args,
        bans: given
            .text("bans")
            .map(PathBuf::from)
            .or_else(|| Some(surroundings.state()?.join("bans"))),
        title: given.text("title").map(str::to_owned),
        discovery: !given.is_on("no-discovery"),
        check: given.is_on("check-config").then(|| given.listing()),
    }))
}

fn transcript(given: &Given) -> Option<(PathBuf, bool)> {
    let path = PathBuf::from(given.text("transcript")?);
    let by_name = path
        .extension()
        .is_some_and(|end| end == "json" || end == "jsonl");
    let json = given
        .text("transcript-format")
        .map_or(by_name, |format| format == "json");
    Some((path, json))
}
