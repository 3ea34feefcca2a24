package asteriskconfig

// BrowserAuthID names the secret of an agent's browser. No agent has such an id.
func BrowserAuthID(agentID string) string { return agentID + ".browser" }

// BrowserAuth is with what an agent's browser proves itself: the fields of the
// object BrowserAuthID. Of the password, which is for one login alone, there is
// what Asterisk needs.
func BrowserAuth(agentID, realm, password string) map[string]string {
	return map[string]string{
		"auth_type": "digest", "realm": realm, "username": agentID,
		"password_digest": "MD5:" + HA1(agentID, realm, password),
	}
}

// BrowserEndpoint are the fields in which an agent's endpoint differs from that
// of pjsip.conf while her browser is her telephone: it comes by the websocket,
// and voice is DTLS-SRTP over ICE. The endpoint's name stays, so that whoever
// rings her, app_queue too, rings the browser.
func BrowserEndpoint(agentID string) map[string]string {
	return map[string]string{
		"transport": "transport-ws", "auth": BrowserAuthID(agentID),
		"webrtc": "yes", "dtls_auto_generate_cert": "yes",
	}
}

// PhoneEndpoint are the same fields as pjsip.conf has them, and what webrtc sets
// by itself. The object in memory is never taken away: with it Asterisk would
// forget the state of the endpoint in the file, and the presence of its phone.
func PhoneEndpoint(agentID string) map[string]string {
	return map[string]string{
		"transport": "transport-udp", "auth": agentID,
		"webrtc": "no", "dtls_auto_generate_cert": "no",
		"bundle": "no", "rtcp_mux": "no", "use_avpf": "no", "ice_support": "no", "media_use_received_transport": "no",
		"media_encryption": "no", "dtls_verify": "no",
	}
}
