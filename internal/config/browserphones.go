package config

import (
	"net/netip"
	"net/url"
)

// BrowserPhones lets agents' browsers be their telephones (WebRTC).
type BrowserPhones struct {
	Allowed bool `yaml:"allowed" doc:"an agent may take her browser as her telephone; any other softphone goes on to work"`
	// The lock inversion of asterisk#1946 stops Asterisk for good, and all calls with it.
	OlderAsterisk   bool           `yaml:"olderAsterisk" doc:"even with an Asterisk before 22.11, where ICE may hang all calls (asterisk#1946)"`
	Listen          netip.AddrPort `yaml:"listen" doc:"where Asterisk takes secure websockets, such as 10.0.0.5:8089; empty leaves that to a proxy on this machine"`
	CertificateFile string         `yaml:"certificateFile" doc:"PEM file with certificate and chain for listen, readable by Asterisk"`
	KeyFile         string         `yaml:"keyFile" doc:"PEM file with its key, readable by Asterisk"`
	URL             string         `yaml:"url" doc:"where browsers find the websocket, such as wss://phones.example.org:8089/ws"`
}

// Origin is the part of URL that a page's policy must allow it to speak with.
func (b BrowserPhones) Origin() string {
	u, err := url.Parse(b.URL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (b BrowserPhones) check(v *verdict) {
	if !b.Allowed {
		return
	}
	const path = "asterisk.browserPhones."
	open := b.Listen.IsValid()
	v.need(path+"listen", !open || b.Listen.Addr().Is4() && b.Listen.Port() != 0, "want an IPv4 address and a port such as 0.0.0.0:8089")
	v.need(path+"certificateFile", !open || b.CertificateFile != "", "want a PEM file: browsers take no plain websocket from the network")
	v.need(path+"keyFile", !open || b.KeyFile != "", "want a PEM file: browsers take no plain websocket from the network")
	u, err := url.Parse(b.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "wss" && u.Scheme != "ws":
		v.wrong(path+"url", "want an address such as wss://phones.example.org:8089/ws")
	case u.Scheme == "ws" && !onLoopback(u.Hostname()):
		v.wrong(path+"url", "want wss: plain ws is for this machine alone")
	}
}

func onLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
