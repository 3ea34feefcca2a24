package desk

import (
	"powerline/cases"
	"powerline/internal/console"
)

// scripts are what is said first in a call of a kind, in the language of whom we
// call. Those for offenders and their families hold nothing of her: neither name nor
// number, neither case nor what she told.
var scripts = map[cases.Kind]console.Text{
	cases.CallOffender: {
		En: "This is Women Power Line 1090 of Uttar Pradesh Police. Am I speaking with (name)? Complaints have reached us about your conduct towards a woman. Stop it at once: no calls, no messages, no following. This is a warning; if it goes on, the police will act under the law. Your number and this call are on record. — Say nothing of who complained, and confirm no guess.",
		Hi: "यह उत्तर प्रदेश पुलिस की वीमेन पावर लाइन 1090 है। क्या मैं (नाम) से बात कर रहा हूँ? एक महिला के प्रति आपके व्यवहार की शिकायत मिली है। इसे तुरंत बंद कीजिए: कोई कॉल नहीं, कोई संदेश नहीं, पीछा नहीं। यह चेतावनी है; आगे ऐसा हुआ तो पुलिस क़ानूनी कार्रवाई करेगी। आपका नंबर और यह कॉल दर्ज है। — यह न बताएँ कि शिकायत किसने की, और किसी अनुमान की पुष्टि न करें।",
	},
	cases.CallContact: {
		En: "This is Women Power Line 1090 of Uttar Pradesh Police. You know (name of the accused). His conduct towards a woman has been complained about, and he has been warned. We ask you to speak with him, so that it ends without further steps. — Say nothing of who complained. If this person lives with her, stop and end the call.",
		Hi: "यह उत्तर प्रदेश पुलिस की वीमेन पावर लाइन 1090 है। आप (आरोपी का नाम) को जानते हैं। एक महिला के प्रति उनके व्यवहार की शिकायत हुई है और उन्हें चेतावनी दी जा चुकी है। आपसे अनुरोध है कि उन्हें समझाएँ, ताकि आगे कार्रवाई न करनी पड़े। — यह न बताएँ कि शिकायत किसने की। यदि वे उसी के साथ रहते हैं तो रुकें और कॉल समाप्त करें।",
	},
	cases.AskFeedback: {
		En: "(Speak as the persona until she has said her code word.) Can you speak freely now? Since we acted: has it stopped, or does it go on? Are you satisfied, or shall we go further?",
		Hi: "(जब तक वह कोड शब्द न कहे, तय रूप में ही बोलें।) क्या आप अभी खुलकर बात कर सकती हैं? हमारी कार्रवाई के बाद: क्या यह रुक गया, या जारी है? क्या आप संतुष्ट हैं, या आगे कार्रवाई करें?",
	},
	cases.AskFinal: {
		En: "(Speak as the persona until she has said her code word.) A month ago you told us that it had stopped. Has it stayed so? May we close your complaint? If it has begun again, we begin again too.",
		Hi: "(जब तक वह कोड शब्द न कहे, तय रूप में ही बोलें।) एक महीने पहले आपने बताया था कि यह रुक गया है। क्या अब भी ऐसा ही है? क्या हम शिकायत बंद करें? यदि फिर शुरू हुआ है तो हम भी फिर शुरू करेंगे।",
	},
	cases.AskChoice: {
		En: "(Speak as the persona until she has said her code word.) We have not found who troubles you yet. Shall the police station take it up now, or do you want to wait?",
		Hi: "(जब तक वह कोड शब्द न कहे, तय रूप में ही बोलें।) जो आपको परेशान करता है उसकी पहचान अभी नहीं हुई। क्या अब थाना इसे देखे, या आप प्रतीक्षा करना चाहेंगी?",
	},
	cases.AskAgain: {
		En: "(Speak as the persona until she has said her code word.) You wanted to withdraw your complaint. Are you alone? Is it your own wish? Nobody will be angry, whichever you choose.",
		Hi: "(जब तक वह कोड शब्द न कहे, तय रूप में ही बोलें।) आप शिकायत वापस लेना चाहती थीं। क्या आप अकेली हैं? क्या यह आपकी अपनी इच्छा है? आप जो भी चुनें, कोई नाराज़ नहीं होगा।",
	},
	cases.Recontact: {
		En: "(Speak as the persona until she has said her code word.) Are you safe now? Has help reached you? Do you need a doctor, or a place to stay?",
		Hi: "(जब तक वह कोड शब्द न कहे, तय रूप में ही बोलें।) क्या आप अब सुरक्षित हैं? क्या मदद पहुँची? क्या डॉक्टर या रहने की जगह चाहिए?",
	},
	cases.FollowUp: {
		En: "(Speak as the persona until she has said her code word.) I am calling to hear how you are. How was the night? Have you thought of harming yourself again? — Stay as long as she needs.",
		Hi: "(जब तक वह कोड शब्द न कहे, तय रूप में ही बोलें।) मैं आपका हाल जानने के लिए बात कर रही हूँ। रात कैसी रही? क्या फिर अपने को चोट पहुँचाने का विचार आया? — जितना समय उसे चाहिए, साथ रहें।",
	},
	cases.CallBack: {
		En: "Hello. You tried to call this number a moment ago. May I help you? Can you speak now? — Say nothing of the helpline before you know that it is she.",
		Hi: "नमस्ते। आपने अभी इस नंबर पर कॉल करने की कोशिश की थी। क्या मैं आपकी सहायता कर सकती हूँ? क्या आप अभी बात कर सकती हैं? — जब तक न जानें कि वही हैं, हेल्पलाइन का नाम न लें।",
	},
}

// scriptsFor are the scripts of the calls that come to a woman or to an officer, by
// kind and language.
func scriptsFor(woman bool) map[cases.Kind]map[string]string {
	out := map[cases.Kind]map[string]string{}
	for kind, text := range scripts {
		if kind.ToVictim() == woman || kind == cases.CallContact {
			out[kind] = map[string]string{"en": text.En, "hi": text.Hi}
		}
	}
	return out
}
