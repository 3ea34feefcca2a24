package asteriskconfig

// modules lists what Asterisk loads, in groups by purpose. Everything else
// stays on the disk.
func modules(s Settings) []string {
	all := []string{
		// Ground.
		"res_timing_timerfd", "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb",
		"res_musiconhold", "res_http_websocket", "res_websocket_client",
		// Dialplan.
		"pbx_config", "res_clioriginate", "app_exec", "app_stack", "app_while", "app_playback",
		"func_callerid", "func_channel", "func_logic", "func_strings", "func_timeout", "func_db",
		"func_talkdetect", "func_pjsip_endpoint", "func_pjsip_aor", "func_pjsip_contact",
		// Sound.
		"codec_alaw", "codec_ulaw", "codec_a_mu", "codec_resample", "codec_gsm",
		"format_pcm", "format_wav", "format_sln", "format_gsm",
		// Media and bridges.
		"res_rtp_asterisk", "bridge_simple", "bridge_native_rtp", "bridge_builtin_features",
		"bridge_softmix", "bridge_holding", "chan_bridge_media",
		// SIP.
		"res_pjproject", "res_pjsip", "res_pjsip_session", "res_pjsip_pubsub", "chan_pjsip",
		"res_pjsip_sdp_rtp", "res_pjsip_caller_id", "res_pjsip_nat", "res_pjsip_rfc3326",
		"res_pjsip_endpoint_identifier_ip", "res_pjsip_endpoint_identifier_user",
		"res_pjsip_authenticator_digest", "res_pjsip_registrar", "res_pjsip_header_funcs",
		"res_pjsip_dlg_options", "res_pjsip_dtmf_info", "res_pjsip_logger",
		// Fallback and recording.
		"app_queue", "app_mixmonitor",
		// The acd's and the dialer's way in.
		"res_stasis", "res_stasis_answer", "res_stasis_playback", "res_stasis_recording",
		"res_stasis_snoop", "res_stasis_device_state", "res_stasis_broadcast",
		"app_stasis", "app_stasis_broadcast",
		"res_ari", "res_ari_model", "res_ari_applications", "res_ari_asterisk", "res_ari_bridges",
		"res_ari_channels", "res_ari_device_states", "res_ari_endpoints", "res_ari_events",
		"res_ari_playbacks", "res_ari_recordings", "res_ari_sounds",
	}
	if s.EmergencyEndpoint != "" {
		all = append(all, "app_dial") // nothing else in the dialplan dials
	}
	if s.Browsers.Allowed {
		all = append(all, "res_pjsip_transport_websocket", "res_srtp")
	}
	if s.OfferOpus {
		all = append(all, "res_format_attr_opus", "codec_opus_open_source")
	}
	return all
}
