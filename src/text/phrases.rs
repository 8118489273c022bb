//! Everything that the programs say to people, in Chinese and in English.
//!
//! What always holds here: names and texts of others pass [`screen`] on their way into a line, so a line that
//! comes out of this module is safe to show; and an event is one line, continued with indented ones only.

use super::{NameError, screen};
use crate::limits;
use std::fmt::Display;
use std::time::Duration;

/// The language of the programs' words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// Chinese, the default.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The language of this code: `zh` or `en`.
    pub fn from_code(code: &str) -> Option<Lang> {
        match code {
            "zh" => Some(Lang::Zh),
            "en" => Some(Lang::En),
            _ => None,
        }
    }

    /// One of two wordings.
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// Someone enters.
    pub fn entered(self, name: &str) -> String {
        let name = screen::harmless(name);
        self.pick(
            format!("{name} 进入聊天室"),
            format!("{name} entered the room"),
        )
    }

    /// Someone speaks.
    pub fn said(self, name: &str, text: &str) -> String {
        screen::block(&[name, self.pick(" 说：", " says: ")], text)
    }

    /// Someone leaves.
    pub fn left(self, name: &str) -> String {
        let name = screen::harmless(name);
        self.pick(
            format!("{name} 退出了聊天室"),
            format!("{name} left the room"),
        )
    }

    /// The operator speaks.
    pub fn announced(self, text: &str) -> String {
        screen::block(&[self.pick("管理员说：", "Operator says: ")], text)
    }

    /// Someone does something.
    pub fn acted(self, name: &str, text: &str) -> String {
        screen::block(&["* ", name, " "], text)
    }

    /// Someone says something to the reader alone. No name holds a parenthesis, so this is nobody's public word.
    pub fn whispered(self, name: &str, text: &str) -> String {
        let says = self.pick("（悄悄对你）说：", " (to you) says: ");
        screen::block(&[name, says], text)
    }

    /// Someone has another name.
    pub fn renamed(self, name: &str, other: &str) -> String {
        let (name, other) = (screen::harmless(name), screen::harmless(other));
        self.pick(
            format!("{name} 改名为 {other}"),
            format!("{name} is now {other}"),
        )
    }

    /// One's own renaming.
    pub fn your_name(self, name: &str) -> String {
        let name = screen::harmless(name);
        self.pick(
            format!("你现在的名字是 {name}"),
            format!("your name is {name} now"),
        )
    }

    /// Nobody of this name is here.
    pub fn nobody(self, name: &str) -> String {
        let name = screen::harmless(name);
        self.pick(
            format!("聊天室里没有“{name}”；/who 列出所有人。悄悄话未送出"),
            format!(
                "nobody here is named “{name}”; /who lists everyone. Your whisper was not delivered"
            ),
        )
    }

    /// There is nobody whom `/reply` could mean.
    pub fn nobody_to_reply_to(self) -> &'static str {
        self.pick(
            "还没有人对你说悄悄话，或者对方已经离开；请用 /msg NAME text",
            "nobody has whispered to you, or who did has left: use /msg NAME text",
        )
    }

    /// One is marked as away.
    pub fn you_are_away(self) -> &'static str {
        self.pick(
            "已标记为离开，再次说话即恢复",
            "you are marked as away until you speak again",
        )
    }

    /// A name that another has.
    pub fn name_taken(self) -> &'static str {
        self.pick("姓名已被使用", "this name is taken")
    }

    /// The name is the one that one has.
    pub fn same_name(self) -> &'static str {
        self.pick("这就是你现在的名字", "that is your name already")
    }

    /// Someone is away, as a line of the roster.
    pub fn away(self, name: &str, why: &str) -> String {
        let name = screen::harmless(name);
        let mark = self.pick("（离开", " (away");
        let colon = if why.is_empty() {
            ""
        } else {
            self.pick("：", ": ")
        };
        let why = screen::harmless(why);
        let end = self.pick("）", ")");
        format!("{name}{mark}{colon}{why}{end}")
    }

    /// How many have what one said last.
    pub fn reach(self, reach: Option<(u64, u64)>) -> String {
        match reach {
            None => self.pick(
                "你还没有说过话".into(),
                "you have not said anything yet".into(),
            ),
            Some((have, others)) => self.pick(
                format!("你最后一句话已送达 {have}/{others} 人"),
                format!("what you said last has reached {have} of {others}"),
            ),
        }
    }

    /// The way to the server and back.
    pub fn pong(self, round_trip: Duration) -> String {
        let ms = round_trip.as_secs_f64() * 1000.0;
        self.pick(
            format!("到服务器往返 {ms:.1} 毫秒"),
            format!("{ms:.1} ms to the server and back"),
        )
    }

    /// Events fell out of the log before they could be delivered.
    pub fn gap(self, count: u64) -> String {
        self.pick(
            format!("（有 {count} 条消息已无法取得）"),
            format!("({count} messages are no longer to be had)"),
        )
    }

    /// The server is silent.
    pub fn silent(self, seconds: u64) -> String {
        self.pick(
            format!("已 {seconds} 秒未收到服务器消息；输入的内容会保留，恢复后自动送达"),
            format!(
                "nothing heard from the server for {seconds} seconds; what you type is kept and delivered later"
            ),
        )
    }

    /// The server is heard again.
    pub fn heard_again(self) -> &'static str {
        self.pick("已恢复与服务器的联系", "the server is heard again")
    }

    /// In the room again after the server was started anew.
    pub fn room_anew(self) -> &'static str {
        self.pick(
            "服务器已重新启动，已回到聊天室",
            "the server was restarted; you are back in the room",
        )
    }

    /// There is no place left.
    pub fn room_full(self) -> &'static str {
        self.pick("聊天室已满", "the room is full")
    }

    /// There is no place left for one's address.
    pub fn too_many_from_address(self) -> &'static str {
        self.pick(
            "来自你的地址的成员已达上限",
            "there are too many members from your address",
        )
    }

    /// Nobody is let in any more.
    pub fn room_closing(self) -> &'static str {
        self.pick("聊天室正在关闭", "the room is closing")
    }

    /// The room is no more.
    pub fn room_closed(self) -> &'static str {
        self.pick("聊天室已关闭", "the room was closed")
    }

    /// The operator removed one, and said this of it.
    pub fn kicked(self, why: &str) -> String {
        let colon = if why.is_empty() {
            ""
        } else {
            self.pick("：", ": ")
        };
        let why = screen::harmless(why);
        let told = self.pick(
            "你被管理员请出了聊天室",
            "the operator removed you from the room",
        );
        format!("{told}{colon}{why}")
    }

    /// One was removed for having been silent for so many minutes.
    pub fn too_silent(self, minutes: u64) -> String {
        self.pick(
            format!("你已 {minutes} 分钟没有消息，已退出聊天室"),
            format!("nothing was heard from you for {minutes} minutes; you have left the room"),
        )
    }

    /// The end came before these were delivered.
    pub fn undelivered(self, count: usize) -> String {
        self.pick(
            format!("有 {count} 条发言未送达"),
            format!("{count} lines were not delivered"),
        )
    }

    /// The name has gone to another while one was cut off.
    pub fn come_back_as_another(self) -> &'static str {
        self.pick(
            "请用 /nick 新姓名 回到聊天室，已输入的发言会随后送达",
            "come back with /nick NAME; what you typed will be delivered then",
        )
    }

    /// One may not come in, for so many minutes yet; 0: for good, 255: for longer than that.
    pub fn banned(self, minutes: u8) -> String {
        match minutes {
            0 => self.pick(
                "管理员已禁止你进入聊天室".into(),
                "the operator has banned you from the room".into(),
            ),
            255 => self.pick(
                "管理员已禁止你进入聊天室，还有 4 小时以上".into(),
                "the operator has banned you from the room, for more than 4 hours yet".into(),
            ),
            minutes => self.pick(
                format!("管理员已禁止你进入聊天室，还有 {minutes} 分钟"),
                format!("the operator has banned you from the room, for {minutes} min yet"),
            ),
        }
    }

    /// One may not speak, for so many minutes yet; 0: for good, 255: for longer than that.
    pub fn muted(self, minutes: u8) -> String {
        self.is_mute(minutes) + self.pick("：没有人看到这句话", ": nobody sees this")
    }

    /// The same of one that wanted another name.
    pub fn muted_name(self, minutes: u8) -> String {
        self.is_mute(minutes) + self.pick("：姓名不变", ": you keep your name")
    }

    fn is_mute(self, minutes: u8) -> String {
        match minutes {
            0 => self.pick(
                "管理员已将你禁言".into(),
                "the operator has muted you".into(),
            ),
            255 => self.pick(
                "管理员已将你禁言，还有 4 小时以上".into(),
                "the operator has muted you, for more than 4 hours yet".into(),
            ),
            minutes => self.pick(
                format!("管理员已将你禁言，还有 {minutes} 分钟"),
                format!("the operator has muted you, for {minutes} min yet"),
            ),
        }
    }

    /// A name was not accepted.
    pub fn name_error(self, error: NameError) -> String {
        let (chars, bytes) = (limits::NAME_CHARS, limits::NAME_BYTES);
        match error {
            NameError::Empty => self.pick(
                "姓名不能为空，须含至少一个字母或数字".into(),
                "a name needs at least one letter or digit".into(),
            ),
            NameError::TooLong => self.pick(
                format!("姓名太长：最多 {chars} 个字符、{bytes} 字节"),
                format!("the name is too long: at most {chars} characters and {bytes} bytes"),
            ),
            NameError::Character => self.pick(
                "姓名含有不允许的字符：只能用文字、数字、空格和 - _ . ' ·".into(),
                "the name holds a character that is not allowed: use letters, digits, spaces and - _ . ' ·"
                    .into(),
            ),
            NameError::Compatibility => self.pick(
                "姓名含有兼容字符（如全角、分开的附加符号）：请改用普通写法".into(),
                "the name holds a compatibility form, as a full-width letter or an accent apart: use the ordinary one".into(),
            ),
            NameError::Direction => self.pick(
                "姓名不能混用从左到右和从右到左的文字".into(),
                "a name must not mix scripts written from left to right and from right to left".into(),
            ),
            NameError::Spacing => self.pick(
                "姓名首尾不能有空格，中间不能连续空格".into(),
                "a name has no spaces at its ends and no two in a row".into(),
            ),
            NameError::SayMark => {
                self.pick("姓名不能含有“说：”".into(), "a name must not hold “说：”".into())
            }
            NameError::Reserved => self.pick(
                "该姓名为系统保留，请换一个".into(),
                "this name is reserved: take another one".into(),
            ),
        }
    }

    /// A name that cannot be said in the classroom's text protocol.
    pub fn classic_name(self) -> String {
        let bytes = limits::NAME_BYTES;
        self.pick(
            format!("文本协议的姓名不能含空格和控制字符，最多 {bytes} 字节"),
            format!(
                "in the text protocol a name has no spaces and control characters, and at most {bytes} bytes"
            ),
        )
    }

    /// A command that the classroom's text protocol has no word for.
    pub fn not_in_classic(self, command: &str) -> String {
        self.pick(
            format!("文本协议不支持 /{command}"),
            format!("the text protocol has no word for /{command}"),
        )
    }

    /// An address that could not be found or used.
    pub fn bad_address(self, flag: impl Display, address: &str, error: impl Display) -> String {
        let address = screen::harmless(address);
        self.pick(
            format!("{flag} {address}：{error}。请写成 主机:端口，例如 192.168.1.5:8888"),
            format!(
                "{flag} {address}: {error}. Write it as HOST:PORT, for example 192.168.1.5:8888"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_to_the_letter() {
        let (zh, en) = (Lang::Zh, Lang::En);
        assert_eq!(zh.entered("小明"), "小明 进入聊天室");
        assert_eq!(zh.said("小明", "大家好"), "小明 说：大家好");
        assert_eq!(zh.left("小明"), "小明 退出了聊天室");
        assert_eq!(zh.announced("今晚停机"), "管理员说：今晚停机");
        assert_eq!(en.entered("Ann"), "Ann entered the room");
        assert_eq!(en.said("Ann", "hi"), "Ann says: hi");
        assert_eq!(en.left("Ann"), "Ann left the room");
        assert_eq!(en.announced("hi"), "Operator says: hi");
        assert!(zh.silent(7).contains("已 7 秒未收到服务器消息"));
    }

    #[test]
    fn answers_and_errors_to_the_letter() {
        let en = Lang::En;
        assert_eq!(
            en.pong(Duration::from_micros(1500)),
            "1.5 ms to the server and back"
        );
        assert_eq!(en.undelivered(3), "3 lines were not delivered");
        assert_eq!(en.ignoring("Ann", true), "what Ann says is hidden");
        assert_eq!(en.filled_in(2), "filled in what you missed: 2 lines");
        assert!(en.nobody_to_reply_to().ends_with("use /msg NAME text"));
        assert!(
            en.bad_address("--bind", "x", "no port")
                .starts_with("--bind x: no port.")
        );
    }

    #[test]
    fn a_text_cannot_fake_a_line() {
        let line = Lang::Zh.said("小红", "好\n小明 退出了聊天室\r管理员说：\u{1b}[2J");
        assert!(
            line.split('\n')
                .skip(1)
                .all(|line| line.starts_with("    ")),
            "{line:?}"
        );
        assert!(!line.contains(['\r', '\u{1b}']), "{line:?}");
    }
}
