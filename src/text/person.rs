//! What the client says to a person at a terminal beside what every client says; the rules are those of
//! [`super::phrases`].

use super::{Lang, screen};
use std::fmt::Display;

impl Lang {
    /// One says something to another alone.
    pub fn whispering(self, name: &str, to: &str, text: &str) -> String {
        let (whom, says) = self.pick(("（悄悄对 ", "）说："), (" (to ", ") says: "));
        screen::block(&[name, whom, to, says], text)
    }

    /// Someone's words are hidden from here on, or shown again.
    pub fn ignoring(self, name: &str, hidden: bool) -> String {
        let name = screen::harmless(name);
        match hidden {
            true => self.pick(
                format!("不再显示 {name} 的话"),
                format!("what {name} says is hidden"),
            ),
            false => self.pick(
                format!("重新显示 {name} 的话"),
                format!("what {name} says is shown again"),
            ),
        }
    }

    /// Whose words are hidden.
    pub fn ignored(self, names: &str) -> String {
        let names = screen::harmless(names);
        match names.is_empty() {
            true => self.pick("没有屏蔽任何人".into(), "nobody is hidden".into()),
            false => self.pick(format!("已屏蔽：{names}"), format!("hidden: {names}")),
        }
    }

    /// In the room of this server.
    pub fn connected(self, server: impl Display) -> String {
        self.pick(format!("已连接 {server}"), format!("connected to {server}"))
    }

    /// So many are here.
    pub fn present(self, count: usize) -> String {
        self.pick(format!("{count} 人在线"), format!("{count} here"))
    }

    /// One leaves as soon as everything is delivered.
    pub fn leaving(self) -> &'static str {
        self.pick(
            "正在离开：等待未送达的发言；再次中断则不等",
            "leaving once everything is delivered; interrupt again not to wait",
        )
    }

    /// The session is lost, and asked for again.
    pub fn returning(self) -> &'static str {
        self.pick("正在重新连接", "reconnecting")
    }

    /// What was missed during a silence has come.
    pub fn filled_in(self, count: u64) -> String {
        self.pick(
            format!("断开期间的消息已补上：{count} 条"),
            format!("filled in what you missed: {count} lines"),
        )
    }
}
