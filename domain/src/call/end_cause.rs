//! The technical cause that ended a call or one of its legs when neither the callee nor the carrier did: the
//! closed list of the member `cause` of `call.ended`. A cause only explains; the disposition and the reason
//! decide what follows.

use values::disposition::labelled;

labelled! {
    /// The technical cause that ended a call or leg: a resource that this machine lacked, or a failure of
    /// the far end.
    #[derive(derive::EventMembers)]
    EndCause {
        NoRtpPort => "no_rtp_port", "本机没有空闲的 RTP 端口", "no RTP port of this machine was free";
        NoDescriptor => "no_descriptor", "本机文件描述符用尽", "this process had no free file descriptor";
        RecordingFailed => "recording_failed", "录音无法写入", "the recording could not be written";
        TooLate => "too_late", "请求未能在允许的最后时刻前发出", "its INVITE could not leave by its last instant";
        MediaSilent => "media_silent", "对端媒体中断", "no audio came from the far end for too long";
        RefreshMissed => "refresh_missed", "SIP 会话超时", "the far end did not refresh the call in time";
        CallTooLong => "call_too_long", "超过最长通话时间", "the call reached its longest duration";
        AnswerNotStored => "answer_not_stored", "接通未能及时入库", "the answer could not be stored in time";
    }
}

impl EndCause {
    /// Returns true for causes on this machine: a lack of ports, descriptors, disk or time. They say nothing
    /// about the trunk.
    pub const fn is_own_lack(self) -> bool {
        match self {
            Self::NoRtpPort | Self::NoDescriptor | Self::RecordingFailed | Self::TooLate => true,
            Self::MediaSilent | Self::RefreshMissed | Self::CallTooLong | Self::AnswerNotStored => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EndCause;

    #[test]
    fn the_stored_name_is_the_code_and_both_labels_are_there() {
        for one in EndCause::ALL {
            assert_eq!(serde_json::to_value(one).unwrap(), one.code());
            assert_eq!(EndCause::from_code(one.code()), Some(*one));
            assert!(!one.label_zh().is_ascii() && one.label_en().is_ascii(), "{one:?}");
        }
    }
}
