//! What the operator asks for is shown among what happens.

use super::{client, server};

#[test]
fn an_answer_stands_behind_what_happened_before_it() {
    let (mut server, address) = server(&["--rate", "0"]);
    let _member = client(address, "小明");
    server.line_with("小明 进入聊天室");
    for round in 0..20 {
        let said: Vec<String> = (0..50).map(|line| format!("{round}-{line}")).collect();
        server.types(&format!("{}\n/who", said.join("\n")));
        for line in said {
            assert_eq!(server.line(), format!("管理员说：{line}"));
        }
        assert_eq!(server.line(), "1 人在线");
        assert!(server.line().starts_with("小明 "));
    }
}

#[test]
fn what_was_asked_last_is_answered_before_the_end() {
    for _ in 0..20 {
        let (mut server, _) = server(&[]);
        server.types("/who\n/nonsense\n/quit");
        assert_eq!(server.line(), "0 人在线");
        assert!(server.error().contains("nonsense"));
        assert_eq!(server.exit(), Some(0));
    }
}
