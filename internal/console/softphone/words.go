package softphone

import "powerline/internal/console"

// words of the room in each language.
var words = console.Catalogue{
	"softphone.title":     {En: "Telephone in this browser", Hi: "इस ब्राउज़र में टेलीफ़ोन"},
	"softphone.explained": {En: "This tab can be your telephone. Keep it open: calls come here, and are answered by themselves after a tone. While it is on, your other telephone stays silent.", Hi: "यह टैब आपका टेलीफ़ोन बन सकता है। इसे खुला रखें: कॉल यहीं आएँगी और एक ध्वनि के बाद अपने-आप उठ जाएँगी। इसके चालू रहते आपका दूसरा फ़ोन नहीं बजेगा।"},

	"softphone.off":          {En: "Off. Your other telephone rings.", Hi: "बंद है। आपका दूसरा फ़ोन बजेगा।"},
	"softphone.asking":       {En: "Allow the microphone, please.", Hi: "कृपया माइक्रोफ़ोन की अनुमति दें।"},
	"softphone.connecting":   {En: "Connecting…", Hi: "जुड़ रहा है…"},
	"softphone.ready":        {En: "Ready for calls.", Hi: "कॉल के लिए तैयार है।"},
	"softphone.ringing":      {En: "A call comes.", Hi: "कॉल आ रही है।"},
	"softphone.dialling":     {En: "Dialling…", Hi: "डायल हो रहा है…"},
	"softphone.talking":      {En: "Talking.", Hi: "बातचीत चल रही है।"},
	"softphone.lost":         {En: "The network is gone. It is tried again by itself; until then no call reaches you.", Hi: "नेटवर्क चला गया है। अपने-आप फिर कोशिश हो रही है; तब तक कोई कॉल आप तक नहीं आएगी।"},
	"softphone.lost-talking": {En: "The network is gone. It is tried again by itself; stay on the call.", Hi: "नेटवर्क चला गया है। अपने-आप फिर कोशिश हो रही है; कॉल पर बनी रहें।"},
	"softphone.elsewhere":    {En: "Another tab of this browser is the telephone already.", Hi: "इस ब्राउज़र का दूसरा टैब पहले से टेलीफ़ोन है।"},
	"softphone.refused":      {En: "Not connected.", Hi: "नहीं जुड़ा।"},

	"softphone.microphone-denied":  {En: "The browser does not allow the microphone: allow it for this page, or use another telephone.", Hi: "ब्राउज़र माइक्रोफ़ोन की अनुमति नहीं दे रहा: इस पेज के लिए अनुमति दें, या दूसरा फ़ोन इस्तेमाल करें।"},
	"softphone.microphone-missing": {En: "No microphone was found: plug the headset in.", Hi: "माइक्रोफ़ोन नहीं मिला: हेडसेट लगाएँ।"},
	"softphone.not-connected":      {En: "The call was not connected.", Hi: "कॉल नहीं जुड़ी।"},
	"softphone.failed":             {En: "It did not work. Try again, or use another telephone.", Hi: "काम नहीं हुआ। फिर कोशिश करें, या दूसरा फ़ोन इस्तेमाल करें।"},

	"softphone.start":   {En: "Use this browser as my telephone", Hi: "इस ब्राउज़र को मेरा टेलीफ़ोन बनाएँ"},
	"softphone.stop":    {En: "Use my other telephone", Hi: "मेरा दूसरा फ़ोन इस्तेमाल करें"},
	"softphone.answer":  {En: "Answer", Hi: "उठाएँ"},
	"softphone.mute":    {En: "Microphone off", Hi: "माइक्रोफ़ोन बंद"},
	"softphone.hang-up": {En: "Hang up", Hi: "फ़ोन रखें"},

	"softphone.keys":   {En: "Codes and keys", Hi: "कोड और कुंजियाँ"},
	"softphone.code":   {En: "Code", Hi: "कोड"},
	"softphone.dial":   {En: "Dial", Hi: "डायल करें"},
	"softphone.keypad": {En: "Keys for a call", Hi: "कॉल के लिए कुंजियाँ"},

	"softphone.devices":      {En: "Headset and network", Hi: "हेडसेट और नेटवर्क"},
	"softphone.microphone":   {En: "Microphone", Hi: "माइक्रोफ़ोन"},
	"softphone.speaker":      {En: "Loudspeaker", Hi: "स्पीकर"},
	"softphone.usual":        {En: "the usual one", Hi: "सामान्य"},
	"softphone.processing":   {En: "Take echo and noise out of my voice", Hi: "मेरी आवाज़ से गूँज और शोर हटाएँ"},
	"softphone.answers":      {En: "Answer by itself after the tone", Hi: "ध्वनि के बाद अपने-आप उठाएँ"},
	"softphone.check":        {En: "Check", Hi: "जाँचें"},
	"softphone.level":        {En: "My voice", Hi: "मेरी आवाज़"},
	"softphone.ping":         {En: "Signalling there and back", Hi: "संकेत का आना-जाना"},
	"softphone.round-trip":   {En: "Voice there and back", Hi: "आवाज़ का आना-जाना"},
	"softphone.jitter":       {En: "Jitter", Hi: "जिटर"},
	"softphone.packets-lost": {En: "Packets lost", Hi: "खोए पैकेट"},
	"softphone.good":         {En: "Good are: under 150 ms there and back, under 30 ms jitter, under 1 % lost.", Hi: "अच्छा है: आना-जाना 150 ms से कम, जिटर 30 ms से कम, खोए पैकेट 1 % से कम।"},

	"refused.phone-not-allowed":  {En: "Browsers are no telephones here: use your softphone.", Hi: "यहाँ ब्राउज़र टेलीफ़ोन नहीं बन सकता: अपना सॉफ़्टफ़ोन इस्तेमाल करें।"},
	"refused.phone-old-asterisk": {En: "The exchange is too old for browsers: use your softphone.", Hi: "एक्सचेंज ब्राउज़र के लिए बहुत पुराना है: अपना सॉफ़्टफ़ोन इस्तेमाल करें।"},
	"refused.phone-no-account":   {En: "The exchange knows no telephone of yours: ask the administrator.", Hi: "एक्सचेंज आपका कोई टेलीफ़ोन नहीं जानता: प्रशासक से कहें।"},
	"refused.phone-in-call":      {En: "You are in a call on the other telephone: end it first.", Hi: "आप दूसरे फ़ोन पर कॉल में हैं: पहले उसे समाप्त करें।"},
}
