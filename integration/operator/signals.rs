//! What a server with the feature `terminal` does on signals.

mod terminal {
    use super::super::settings::Folder;
    use super::super::{Program, client, server};
    use std::fs;
    use std::process::Command;

    fn signal(program: &Program, name: &str) {
        let id = program.child.id().to_string();
        let status = Command::new("kill").args([name, &id]).status();
        assert!(status.unwrap().success());
    }

    #[test]
    fn a_server_that_is_ended_says_so_and_ends_in_peace() {
        for name in ["-TERM", "-INT"] {
            let (mut server, address) = server(&[]);
            let mut ann = client(address, "Ann");
            server.line_with("Ann 进入聊天室");
            signal(&server, name);
            ann.line_with("管理员说：聊天室即将关闭");
            assert_eq!(ann.exit(), Some(5), "{name}");
            assert_eq!(server.exit(), Some(0), "{name}");
        }
    }

    #[test]
    fn a_server_whose_input_has_ended_can_be_ended_too() {
        let (mut server, _) = server(&[]);
        server.input = None;
        signal(&server, "-TERM");
        assert_eq!(server.exit(), Some(0));
    }

    #[test]
    fn files_are_opened_anew_and_settings_read_again() {
        let folder = Folder::new("again");
        let (talk, bans, config) = (
            folder.file("talk"),
            folder.file("bans"),
            folder.file("config"),
        );
        fs::write(&config, "server.max-members = 1\n").unwrap();
        let flags = ["--transcript", &talk, "--bans", &bans, "--config", &config];
        let (mut server, address) = server(&flags);
        let mut ann = client(address, "Ann");
        server.line_with("Ann 进入聊天室");
        fs::rename(&talk, folder.file("talk.1")).unwrap();
        fs::write(&config, "server.max-members = 2\n").unwrap();
        fs::write(&bans, "always name Ann\n").unwrap();
        signal(&server, "-HUP");
        // The bans are read last.
        ann.error_with("已禁止进入");
        assert_eq!(ann.exit(), Some(5));
        let _ben = client(address, "Ben");
        server.line_with("Ben 进入聊天室");
        let _cid = client(address, "Cid");
        server.line_with("Cid 进入聊天室");
        // What cannot be read leaves all as it is.
        fs::write(&config, "server.max-members = few\n").unwrap();
        signal(&server, "-HUP");
        server.error_with("max-members few");
        server.types("/quit");
        assert_eq!(server.exit(), Some(0));
        let (old, new) = (
            fs::read_to_string(folder.file("talk.1")),
            fs::read_to_string(&talk),
        );
        assert!(old.unwrap().contains("Ann 进入聊天室"));
        assert!(new.unwrap().contains("Cid 进入聊天室"));
    }
}
