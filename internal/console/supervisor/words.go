package supervisor

import "powerline/internal/console"

// words are the texts of the room: what stands on its pages, and the helpline's own
// words (terms.go).
var words = joined(pageWords, liveWords, columnWords, reportWords, terms)

// texts are what keys say: in English, in Hindi.
type texts map[string][2]string

func joined(all ...texts) console.Catalogue {
	out := console.Catalogue{}
	for _, one := range all {
		for key, text := range one {
			out[key] = console.Text{En: text[0], Hi: text[1]}
		}
	}
	return out
}

var pageWords = texts{
	"super.wall": {"Wallboard", "वॉलबोर्ड"}, "super.floor": {"Floor", "फ़्लोर"}, "super.cases": {"Cases", "मामले"}, "super.case": {"Case", "मामला"},
	"super.tasks": {"Tasks", "कार्य"}, "super.recordings": {"Recordings", "रिकॉर्डिंग"}, "super.recording": {"Recording", "रिकॉर्डिंग"},
	"super.reports": {"Reports", "रिपोर्ट"}, "super.roster": {"Roster", "रोस्टर"}, "super.queues": {"Queues", "कतारें"}, "super.audit": {"Audit", "ऑडिट"},

	"super.any": {"any", "कोई भी"}, "super.none": {"Nothing to show.", "दिखाने को कुछ नहीं।"}, "super.show": {"Show", "दिखाएँ"}, "super.search": {"Find", "खोजें"},
	"super.save": {"Save", "सहेजें"}, "super.why": {"Why", "कारण"}, "super.word": {"reason", "कारण"}, "super.undo": {"Undo", "वापस लें"}, "super.undoes": {"takes back %d", "%d को वापस लेता है"},
	"super.older": {"Older", "पुराने"}, "super.next-page": {"Next page", "अगला पृष्ठ"}, "super.cycle": {"cycle %d", "चक्र %d"}, "super.tries": {"%d attempts", "%d प्रयास"},
	"super.purpose":           {"What it is opened for", "किस उद्देश्य से खोला जा रहा है"},
	"super.changed-meanwhile": {"Somebody changed this meanwhile. Look at it again, then save.", "इस बीच किसी ने इसे बदल दिया। फिर से देखें, तब सहेजें।"},

	"super.wall.display": {"Leave this browser as a screen", "इस ब्राउज़र को स्क्रीन बना दें"}, "super.wall.take-down": {"End this screen", "यह स्क्रीन बंद करें"},
	"super.wall.display-says": {"It goes on showing the wall, and you are signed out here.", "यह वॉलबोर्ड दिखाता रहेगा, और आप यहाँ साइन आउट हो जाएँगी।"},
	"super.wall.big":          {"For the wall", "दीवार के लिए"}, "super.wall.alarms": {"Alarms", "अलार्म"}, "super.wall.now": {"Now", "अभी"},
	"super.wall.waiting": {"Waiting", "प्रतीक्षा में"}, "super.wall.oldest": {"Longest wait", "सबसे लंबी प्रतीक्षा"}, "super.wall.talking": {"Talking", "बातचीत में"},
	"super.wall.level-now": {"Service level, 30 min", "सेवा स्तर, 30 मिनट"}, "super.wall.level-day": {"Service level, today", "सेवा स्तर, आज"},
	"super.wall.asa": {"Average speed of answer", "उत्तर की औसत गति"}, "super.wall.late": {"Late tasks", "विलंबित कार्य"},
	"super.wall.formula": {"Service level = answered within %[1]s / (answered + abandoned after %[1]s).", "सेवा स्तर = %[1]s में उत्तर / (उत्तर + %[1]s के बाद छोड़ी गई कॉल)।"},
	"super.wall.stale":   {"The database does not answer: these figures are old.", "डेटाबेस जवाब नहीं दे रहा: ये आँकड़े पुराने हैं।"},
	"super.wall.classes": {"Callers by category and seconds waited", "श्रेणी और प्रतीक्षा के सेकंड के अनुसार कॉलर"}, "super.wall.free": {"Free / at work", "खाली / काम पर"}, "super.wall.staff": {"Agents", "एजेंट"},

	"super.floor.seat": {"Your phone: %s", "आपका फ़ोन: %s"}, "super.floor.no-seat": {"You have no phone of your own: you cannot listen.", "आपका अपना फ़ोन नहीं है: आप सुन नहीं सकतीं।"},
	"super.floor.filter": {"Show", "दिखाएँ"}, "super.floor.all": {"all who are logged in", "सभी लॉग-इन"}, "super.floor.waiting": {"Callers who wait", "प्रतीक्षा करते कॉलर"},
	"super.floor.agents": {"Agents", "एजेंट"}, "super.floor.order": {"In the order of the roster: nobody is ranked.", "रोस्टर के क्रम में: किसी की रैंकिंग नहीं।"},

	"super.cases.list": {"List of cases", "मामलों की सूची"}, "super.cases.search": {"Find a case", "मामला खोजें"}, "super.cases.open": {"open", "खुले"},
	"super.cases.concern": {"wait for a supervisor", "पर्यवेक्षक की प्रतीक्षा में"}, "super.cases.stuck": {"stuck", "अटके"}, "super.cases.number": {"Telephone number", "फ़ोन नंबर"},

	"super.case.registered": {"Registered", "पंजीकृत"}, "super.case.cycle": {"Cycle", "चक्र"}, "super.case.last-feedback": {"Last feedback", "अंतिम प्रतिक्रिया"},
	"super.case.final-due": {"Final feedback due", "अंतिम पूछताछ की तिथि"}, "super.case.next": {"Waits for", "प्रतीक्षा"}, "super.case.ladder": {"The ladder", "निवारण की सीढ़ी"},
	"super.case.ladder-says": {"Where the case went on the ladder; it stands at: %s", "मामला सीढ़ी पर कहाँ गया; अभी यहाँ है: %s"},
	"super.case.line":        {"Time line", "समय-रेखा"}, "super.case.attempts": {"Calls made", "की गई कॉल"}, "super.case.decide": {"Decide", "निर्णय लें"}, "super.case.do": {"What", "क्या"},
	"super.case.close-as": {"if closed, as", "बंद हो तो किस रूप में"}, "super.case.private": {"Names, numbers and what she told", "नाम, नंबर और उनका कथन"},
	"super.case.open-private": {"Open", "खोलें"}, "super.case.audited": {"That you opened this stands in the audit.", "आपने इसे खोला, यह ऑडिट में दर्ज है।"},
	"super.case.will-audit": {"It will stand in the audit, with the purpose.", "यह उद्देश्य सहित ऑडिट में दर्ज होगा।"}, "super.case.address": {"Address", "पता"},
	"super.case.numbers": {"Numbers", "नंबर"}, "super.case.bad": {"wrong", "ग़लत"}, "super.case.never": {"must not be rung", "इस पर कॉल नहीं करनी है"},

	"super.case.give": {"Only this person may do it", "इसे केवल यही व्यक्ति करे"}, "super.case.anybody": {"anybody whom it fits", "कोई भी उपयुक्त व्यक्ति"}, "super.case.only": {"only %s", "केवल %s"},
	"super.case.assign": {"Give", "सौंपें"}, "super.case.here": {"logged in", "लॉग-इन"}, "super.case.nobody-fits": {"Nobody on the roster may do it.", "रोस्टर में कोई इसे नहीं कर सकता।"},

	"super.task.stuck": {"stuck", "अटका"}, "super.task.aside": {"set aside", "अलग रखे"}, "super.task.due-now": {"due now", "अभी देय"}, "super.task.late": {"Late by", "विलंब"},
	"super.task.late-by": {"Late by more than", "इससे अधिक विलंबित"}, "super.task.kinds": {"Kinds of call", "कॉल के प्रकार"}, "super.task.paused": {"stopped", "रुका"},
	"super.task.pause": {"Stop", "रोकें"}, "super.task.resume": {"Let go on", "फिर चलाएँ"}, "super.task.dialable": {"may be dialled now", "अभी कॉल हो सकती है"},
	"super.task.why-not": {"What keeps it back", "किस कारण रुका"}, "super.task.back": {"Take back", "वापस लाएँ"}, "super.task.set-aside": {"Set aside", "अलग रखें"},
	"super.task.floor-unknown": {"Who is free is known to the dialer only.", "कौन खाली है, यह केवल डायलर जानता है।"},

	"super.recording.length": {"Length", "अवधि"}, "super.recording.kind": {"About", "विषय"}, "super.recording.sealed": {"sealed", "सील"},
	"super.recording.unsealed": {"not sealed yet", "अभी सील नहीं"}, "super.recording.gaps": {"What is missing of it", "इसमें क्या नहीं है"},
	"super.recording.not-yet":    {"It can be heard when it is sealed.", "सील होने के बाद सुना जा सकता है।"},
	"super.exports":              {"Copies", "प्रतियाँ"},
	"super.export.rule":          {"A copy leaves the house only on an order, and two persons must agree: one asks, another approves. Who asked fetches it within a day. Each step stands in the audit.", "प्रति केवल आदेश पर बाहर जाती है, और दो व्यक्तियों की सहमति चाहिए: एक माँगता है, दूसरा स्वीकृति देता है। माँगने वाला एक दिन के भीतर उसे ले सकता है। हर कदम ऑडिट में दर्ज होता है।"},
	"super.export.copy":          {"A copy of it", "इसकी प्रति"},
	"super.export.ask":           {"Ask for a copy", "प्रति माँगें"},
	"super.export.order":         {"On which order", "किस आदेश पर"},
	"super.export.asked-by":      {"Asked for by", "माँगने वाला"},
	"super.export.waiting":       {"Wait for another person", "दूसरे व्यक्ति की प्रतीक्षा"},
	"super.export.another":       {"Another person must approve it.", "किसी दूसरे व्यक्ति को स्वीकृति देनी होगी।"},
	"super.export.approve":       {"Approve", "स्वीकृति दें"},
	"super.export.ready":         {"Can be fetched", "ली जा सकती हैं"},
	"super.export.approved-by":   {"Approved by", "स्वीकृति देने वाला"},
	"super.export.until":         {"Until", "कब तक"},
	"super.export.fetch":         {"Fetch", "प्रति लें"},
	"super.export.asker-fetches": {"Who asked for it fetches it.", "जिसने माँगी है, वही ले सकता है।"},
	"super.export.over":          {"Time is over", "समय समाप्त"},
	"super.player":               {"Listen", "सुनें"}, "super.player.open": {"Open", "खोलें"}, "super.player.heard": {"above: the other side", "ऊपर: दूसरी ओर"}, "super.player.spoken": {"below: the agent", "नीचे: एजेंट"},
	"super.player.failed": {"It could not be opened.", "खोला नहीं जा सका।"}, "super.player.loading": {"It is being opened…", "खोला जा रहा है…"}, "super.player.ready": {"Ready. Space plays and stops.", "तैयार। स्पेस से चलाएँ और रोकें।"},
	"super.player.wave": {"Loudness of both sides over %d seconds", "%d सेकंड में दोनों ओर की ध्वनि"},

	"super.roster.changes": {"Changes", "बदलाव"}, "super.roster.all": {"Also who left", "जो जा चुके हैं वे भी"}, "super.roster.active": {"Only who works here", "केवल कार्यरत"},
	"super.roster.gone": {"left", "जा चुके"}, "super.roster.added": {"added", "जोड़ा गया"}, "super.roster.skills": {"Skills", "कौशल"},
	"super.roster.lawful": {"Gender and office decide who may speak with whom. An operator changes them.", "लिंग और पद तय करते हैं कि कौन किससे बात कर सकता है। इन्हें ऑपरेटर बदलता है।"},

	"super.queue.about": {"In seconds. Engines take a change over within two seconds; calls in hand go on. The first ring is open from the start.", "सेकंड में। इंजन दो सेकंड में बदलाव ले लेते हैं; चल रही कॉल चलती रहती हैं। पहला घेरा शुरू से खुला है।"},
	"super.queue.rings": {"Rings open after", "घेरे इतने बाद खुलते हैं"}, "super.queue.ring": {"ring %d", "घेरा %d"}, "super.queue.changes": {"Changes", "बदलाव"},
	"super.queue-seconds": {"%s: want seconds, such as 20", "%s: सेकंड लिखें, जैसे 20"},

	"super.audit.by": {"Who", "कौन"}, "super.audit.action": {"What", "क्या"}, "super.audit.subject": {"To what", "किस पर"}, "super.audit.detail": {"Detail", "विवरण"}, "super.audit.row": {"Row", "पंक्ति"},
	"super.audit.verify": {"Verify the chain", "शृंखला जाँचें"}, "super.audit.whole": {"The chain of %d rows is whole. Its last hash:", "%d पंक्तियों की शृंखला पूरी है। अंतिम हैश:"},
	"super.audit.broken": {"Row %d is not what was written.", "पंक्ति %d वैसी नहीं है जैसी लिखी गई थी।"},

	"refused.why": {"Say why, in up to 200 characters.", "कारण लिखें, अधिकतम 200 अक्षर।"}, "refused.cannot-undo": {"This cannot be taken back.", "इसे वापस नहीं लिया जा सकता।"},
	"refused.changed-since": {"It was changed again since. Take the later change back first.", "इसके बाद फिर बदलाव हुआ है। पहले बाद वाला बदलाव वापस लें।"},
	"refused.no-seat":       {"You have no phone of your own here.", "यहाँ आपका अपना फ़ोन नहीं है।"}, "refused.no-orders": {"Nothing can be done on the floor from here.", "यहाँ से फ़्लोर पर कुछ नहीं किया जा सकता।"},
}

var liveWords = texts{
	"super.live.no-alarms": {"No alarms", "कोई अलार्म नहीं"}, "super.live.since": {"since", "से"}, "super.live.beside": {"greeting %d · we ring %d · our calls %d", "स्वागत %d · हम बजा रहे %d · हमारी कॉल %d"},
	"super.live.logged-in": {"Logged in", "लॉग-इन"}, "super.live.unreachable": {"phone does not answer", "फ़ोन उत्तर नहीं देता"}, "super.live.break-due": {"break is due", "विश्राम बाक़ी"},
	"super.live.laden": {"three heavy calls", "तीन भारी कॉल"}, "super.live.abandoned": {"abandoned today %d, short %d", "आज छोड़ी गई %d, छोटी %d"}, "super.live.due": {"due %d · set aside %d", "देय %d · अलग %d"},
	"super.live.nobody-waits": {"Nobody waits.", "कोई प्रतीक्षा में नहीं।"}, "super.live.nobody-free": {"Nobody is free.", "कोई खाली नहीं।"},

	"super.live.listen": {"Listen", "सुनें"}, "super.live.whisper": {"Whisper", "एजेंट से बोलें"}, "super.live.barge": {"Join", "शामिल हों"}, "super.live.take-over": {"Take over", "कॉल लें"},
	"super.live.leave": {"Leave the call", "कॉल से हटें"}, "super.live.force": {"Change state", "स्थिति बदलें"}, "super.live.pull": {"Give to…", "किसी को दें…"}, "super.live.move": {"Move to…", "श्रेणी बदलें…"},
	"super.live.listen.means":    {"Your phone rings. You hear both; nobody hears you.", "आपका फ़ोन बजेगा। आप दोनों को सुनेंगी; कोई आपको नहीं सुनेगा।"},
	"super.live.whisper.means":   {"Your phone rings. You hear both; the agent alone hears you.", "आपका फ़ोन बजेगा। आप दोनों को सुनेंगी; केवल एजेंट आपको सुनेगा।"},
	"super.live.barge.means":     {"Your phone rings. Then all hear each other.", "आपका फ़ोन बजेगा। फिर सब एक-दूसरे को सुनेंगे।"},
	"super.live.take-over.means": {"Your phone rings. Then the call is yours, and the agent leaves it.", "आपका फ़ोन बजेगा। फिर कॉल आपकी होगी और एजेंट हट जाएगी।"},
	"super.live.force.means":     {"A call in hand goes on.", "चल रही कॉल चलती रहेगी।"},
	"super.live.pull-to":         {"To", "किसे"}, "super.live.move-to": {"Category", "श्रेणी"}, "super.live.force-to": {"State", "स्थिति"},
	"super.live.do-it": {"Do it", "करें"}, "super.live.not": {"Not now", "अभी नहीं"}, "super.live.done": {"Done.", "हो गया।"}, "super.live.phone-rings": {"Your phone rings.", "आपका फ़ोन बज रहा है।"},
	"super.live.law": {"Law 3: you may not be in this call.", "नियम 3: आप इस कॉल में नहीं हो सकतीं।"}, "super.live.no-seat": {"You have no phone of your own.", "आपका अपना फ़ोन नहीं है।"},
	"super.live.officer": {"officer", "अधिकारी"}, "super.live.counsellor": {"counsellor", "परामर्शदाता"}, "super.live.senior": {"senior", "वरिष्ठ"},
	"super.live.crisis": {"crisis", "संकट"}, "super.live.silent": {"cannot speak", "बोल नहीं सकती"}, "super.live.again": {"was here before", "पहले भी थी"}, "super.live.officers": {"for officers", "अधिकारियों के लिए"},
	"super.live.alarm": {"calls for help", "सहायता माँग रही है"}, "super.live.help": {"Calls for help: %s", "सहायता माँग रही हैं: %s"},
	"super.live.locked": {"login locked", "लॉग-इन बंद"},
}

var columnWords = texts{
	"super.col.agent": {"Agent", "एजेंट"}, "super.col.name": {"Name", "नाम"}, "super.col.is": {"Is", "पद"}, "super.col.doing": {"Does", "स्थिति"}, "super.col.since": {"For", "समय"},
	"super.col.call": {"Call", "कॉल"}, "super.col.marks": {"Marks", "चिह्न"}, "super.col.act": {"Act", "कार्रवाई"}, "super.col.place": {"Place", "क्रम"}, "super.col.category": {"Category", "श्रेणी"},
	"super.col.language": {"Language", "भाषा"}, "super.col.waits": {"Waits", "प्रतीक्षा"}, "super.col.state": {"State", "स्थिति"}, "super.col.since-day": {"Since", "कब से"}, "super.col.district": {"District", "ज़िला"},
	"super.col.docket": {"Complaint no.", "शिकायत सं."}, "super.col.next": {"Waits for", "प्रतीक्षा"}, "super.col.due": {"Due", "देय"}, "super.col.when": {"When", "कब"}, "super.col.kind": {"Kind", "प्रकार"},
	"super.col.result": {"Result", "परिणाम"}, "super.col.day": {"Day", "दिन"}, "super.col.from-day": {"From", "से"}, "super.col.to-day": {"To", "तक"},

	"super.col.from": {"From", "समय"}, "super.col.ended": {"Calls", "कॉल"}, "super.col.answered": {"Answered", "उत्तर"}, "super.col.level": {"Service level", "सेवा स्तर"}, "super.col.asa": {"ASA", "औसत प्रतीक्षा"},
	"super.col.longest": {"Longest", "सबसे लंबी"}, "super.col.abandoned": {"Abandoned", "छोड़ी गई"}, "super.col.short": {"of them short", "उनमें छोटी"}, "super.col.abandonment": {"Abandonment", "छोड़ने की दर"},
	"super.col.crisis": {"Crisis", "संकट"}, "super.col.silent": {"Silent", "मौन"}, "super.col.aht": {"AHT", "औसत समय"}, "super.col.occupancy": {"Occupancy", "व्यस्तता"},
	"super.col.logged-in": {"Logged in", "लॉग-इन"}, "super.col.talking": {"Talking", "बातचीत"}, "super.col.wrap-up": {"Wrap-up", "लेखन"}, "super.col.recovery": {"Recovery", "विश्राम"}, "super.col.idle": {"Idle", "खाली"},
	"super.col.not-ready": {"Not ready", "तैयार नहीं"}, "super.col.pauses": {"Pauses", "विराम"}, "super.col.calls": {"Calls", "कॉल"}, "super.col.heavy": {"of them heavy", "उनमें भारी"}, "super.col.rang-out": {"Rang out", "बजती रही"},
	"super.col.rejected": {"Rejected", "अस्वीकृत"}, "super.col.dialled": {"Dialled", "डायल"}, "super.col.reached": {"Reached", "संपर्क हुआ"},
	"super.col.stage": {"Asked after", "किसके बाद पूछा"}, "super.col.satisfied": {"Satisfied", "संतुष्ट"}, "super.col.unreached": {"Unreached", "संपर्क नहीं"}, "super.col.harassed": {"Still harassed", "उत्पीड़न जारी"},
	"super.col.unsure": {"Unsure", "अनिश्चित"}, "super.col.withdraws": {"Withdraws", "वापस लेती हैं"}, "super.col.other": {"Other", "अन्य"}, "super.col.closure": {"Closed as", "किस रूप में बंद"}, "super.col.cases": {"Cases", "मामले"},
	"super.col.reached-share": {"Reached", "संपर्क दर"}, "super.col.tasks-done": {"Tasks done", "पूरे कार्य"}, "super.col.tasks-unreached": {"Tasks unreached", "बिना संपर्क समाप्त"}, "super.col.outcome": {"Outcome", "परिणाम"}, "super.col.talks": {"Conversations", "बातचीत"},
}

var reportWords = texts{
	"super.report.day": {"Day", "दिन"}, "super.report.queue": {"Queues", "कतारें"}, "super.report.agents": {"Agents", "एजेंट"}, "super.report.ladder": {"Ladder", "निवारण"},
	"super.report.part": {"Parts of", "खंड"}, "super.report.print": {"Print", "छापें"}, "super.report.met": {"met", "पूरा"}, "super.report.missed": {"missed", "चूका"},
	"super.report.by-part": {"By the hour", "घंटे के अनुसार"}, "super.report.by-category": {"By category", "श्रेणी के अनुसार"}, "super.report.by-agent": {"By agent", "एजेंट के अनुसार"},
	"super.report.part-note":  {"Calls stand where they arrived; talk and wrap-up where they were spent. So AHT of a single hour is uneven, and that of the day is right.", "कॉल जिस समय आई वहाँ गिनी है; बातचीत और लेखन जहाँ हुआ वहाँ। इसलिए एक घंटे का औसत समय असमान है, दिन का सही।"},
	"super.report.agent-note": {"In order of the roster. There is no average of a single agent and no ranking.", "रोस्टर के क्रम में। किसी एक एजेंट का औसत या रैंकिंग नहीं है।"},
	"super.report.verdicts":   {"What she said when she was asked", "पूछने पर उन्होंने क्या कहा"}, "super.report.closures": {"Cases that were closed", "बंद हुए मामले"}, "super.report.registered": {"Cases that were registered", "पंजीकृत मामले"},
	"super.report.verdict-note": {"Unreached is counted beside satisfied and never among them: a call that nobody answered is no answer.", "जिनसे संपर्क नहीं हुआ वे संतुष्टों में नहीं गिने जाते: जिस कॉल का उत्तर नहीं मिला वह उत्तर नहीं है।"},
	"super.report.dials":        {"Calls that we made", "हमारी की गई कॉल"}, "super.report.dial-note": {"Tasks unreached: every attempt was used up, or there is no good number.", "बिना संपर्क समाप्त: सभी प्रयास हो चुके, या कोई सही नंबर नहीं।"},
	"super.report.talks": {"What came of conversations", "बातचीत के परिणाम"},

	"super.fig.level": {"Service level", "सेवा स्तर"}, "super.fig.asa": {"Average speed of answer (ASA)", "उत्तर की औसत गति (ASA)"}, "super.fig.aht": {"Average handling time (AHT)", "औसत कार्य समय (AHT)"},
	"super.fig.occupancy": {"Occupancy", "व्यस्तता"}, "super.fig.abandonment": {"Abandonment", "छोड़ने की दर"}, "super.fig.abandonment-long": {"Abandonment without short ones", "छोटी के बिना छोड़ने की दर"},
	"super.formula.level": {"answered within T / (answered + abandoned after T)", "T में उत्तर / (उत्तर + T के बाद छोड़ी गई)"}, "super.formula.target": {"answered within T / (answered + abandoned after T)", "T में उत्तर / (उत्तर + T के बाद छोड़ी गई)"},
	"super.formula.asa": {"sum of waits of answered calls / answered", "उत्तर मिली कॉलों की प्रतीक्षा का योग / उत्तर"}, "super.formula.aht": {"(talk + wrap-up of callers' calls) / answered", "(कॉलर की बातचीत + लेखन) / उत्तर"},
	"super.formula.occupancy": {"(talk + wrap-up) / (talk + wrap-up + idle)", "(बातचीत + लेखन) / (बातचीत + लेखन + खाली)"}, "super.formula.abandonment": {"abandoned / all calls", "छोड़ी गई / सभी कॉल"},
	"super.formula.abandonment-long": {"without calls given up within 5 s", "5 सेकंड में छोड़ी गई कॉलों के बिना"},
}
