package supervisor

// terms are the helpline's own words: states, kinds, outcomes, rules. A test holds
// them against what the code can say.
var terms = texts{
	"super.category.crisis": {"Crisis", "संकट"}, "super.category.phone": {"Phone", "फ़ोन"}, "super.category.social-media": {"Social media", "सोशल मीडिया"}, "super.category.stalking": {"Stalking", "पीछा करना"},
	"super.category.domestic-violence": {"Domestic violence", "घरेलू हिंसा"}, "super.category.unclassified": {"Unclassified", "अवर्गीकृत"}, "super.category.silent": {"Silent", "मौन"}, "super.category.ring-back": {"Ring-back", "वापसी कॉल"},
	"super.category.status": {"Status of a case", "मामले की स्थिति"}, "super.category.offender": {"Offender", "आरोपी"}, "super.category.public-place": {"Public place", "सार्वजनिक स्थान"}, "super.category.workplace": {"Workplace", "कार्यस्थल"}, "super.category.other": {"Other", "अन्य"},

	"super.doing.idle": {"free", "खाली"}, "super.doing.reserved": {"phone rings", "फ़ोन बज रहा"}, "super.doing.talking": {"talking", "बातचीत"}, "super.doing.wrap-up": {"wrap-up", "लेखन"}, "super.doing.recovery": {"recovery", "विश्राम"},
	"super.doing.delayed": {"short rest", "क्षणिक विराम"}, "super.doing.available": {"available", "उपलब्ध"}, "super.doing.not-ready": {"not ready", "तैयार नहीं"}, "super.doing.logged-out": {"logged out", "लॉग-आउट"},

	"super.reason.break": {"break", "विराम"}, "super.reason.meal": {"meal", "भोजन"}, "super.reason.training": {"training", "प्रशिक्षण"}, "super.reason.debrief": {"debrief", "चर्चा"},
	"super.reason.supervisor": {"supervisor", "पर्यवेक्षक"}, "super.reason.technical": {"technical", "तकनीकी"}, "super.reason.no-answer": {"did not answer", "उत्तर नहीं दिया"}, "super.reason.phone-lost": {"phone lost", "फ़ोन टूटा"},

	"super.alarm.CallersWaitWhileAgentsAreIdle": {"Callers wait while agents are idle", "एजेंट खाली हैं, फिर भी कॉलर प्रतीक्षा में"}, "super.alarm.CallerWaitsTooLong": {"A caller has waited for over two minutes", "एक कॉलर दो मिनट से अधिक प्रतीक्षा में"},
	"super.alarm.NobodyForCategory": {"Nobody is at work for", "कोई काम पर नहीं"}, "super.alarm.PhonesCutOff": {"Agents' phones do not answer", "एजेंटों के फ़ोन उत्तर नहीं दे रहे"}, "super.alarm.FallbackInUse": {"Callers wait in Asterisk's own queues", "कॉलर एस्टरिस्क की अपनी कतार में हैं"},
	"super.alarm.NoEngineTakesCalls": {"This engine takes no calls", "यह इंजन कॉल नहीं ले रहा"}, "super.alarm.RedisAway": {"Redis does not answer", "रेडिस उत्तर नहीं दे रहा"}, "super.alarm.AsteriskAway": {"Asterisk is not heard", "एस्टरिस्क से संपर्क नहीं"},
	"super.alarm.DatabaseAway": {"PostgreSQL does not answer", "पोस्टग्रेस उत्तर नहीं दे रहा"}, "super.alarm.TrunkDown": {"Trunk does not answer", "ट्रंक उत्तर नहीं दे रहा"}, "super.alarm.LanguageNotSpoken": {"Nobody at work speaks", "काम पर कोई यह भाषा नहीं बोलता"},
	"super.alarm.HeavyCallsPileUp": {"Heavy calls pile up", "भारी कॉल बढ़ रही हैं"}, "super.alarm.BreaksAreDue": {"Breaks are due", "विश्राम बाक़ी हैं"},

	"super.alarm.AgentCallsForHelp": {"An agent calls for help", "एक एजेंट सहायता माँग रही है"},

	"super.state.registered": {"registered", "पंजीकृत"}, "super.state.identifying": {"identifying", "पहचान जारी"}, "super.state.counsel-due": {"warning due", "चेतावनी बाक़ी"}, "super.state.counsel-feedback": {"asked: warning", "पूछताछ: चेतावनी"},
	"super.state.ffr-due": {"family due", "परिवार बाक़ी"}, "super.state.ffr-feedback": {"asked: family", "पूछताछ: परिवार"}, "super.state.station-open": {"at the station", "थाने में"}, "super.state.station-feedback": {"asked: station", "पूछताछ: थाना"},
	"super.state.watch": {"watch, 30 days", "निगरानी, 30 दिन"}, "super.state.final-feedback": {"final feedback", "अंतिम पूछताछ"}, "super.state.closed": {"closed", "बंद"},

	"super.closure.resolved": {"resolved by her word", "उनके कहने पर हल"}, "super.closure.withdrawn": {"withdrawn", "वापस ली गई"}, "super.closure.unreached": {"unreached", "संपर्क नहीं हुआ"}, "super.closure.not-ours": {"not ours", "हमारा नहीं"},
	"super.closure.duplicate": {"duplicate", "दोहराव"}, "super.closure.hoax": {"hoax", "झूठी"}, "super.closure.reopened": {"reopened", "फिर खुले"},

	"super.concern.too-unsure": {"too unsure", "बहुत अनिश्चित"}, "super.concern.not-reached": {"not reached", "संपर्क नहीं हुआ"}, "super.concern.final-unsure": {"final feedback unsure", "अंतिम उत्तर अनिश्चित"}, "super.concern.final-not-reached": {"not reached at the end", "अंत में संपर्क नहीं"},
	"super.concern.refuses-feedback": {"refuses to say", "बताने से इनकार"}, "super.concern.wrong-victim-number": {"a stranger has her number", "नंबर किसी और का"}, "super.concern.sign-station": {"to the station without a warning?", "बिना चेतावनी थाने भेजें?"},
	"super.concern.abusive-twice": {"abusive twice", "दो बार अपशब्द"}, "super.concern.offender-distressed": {"offender in distress", "आरोपी व्यथित"}, "super.concern.offender-minor": {"offender is a minor", "आरोपी नाबालिग"},
	"super.concern.victims-household": {"contact lives with her", "संपर्क उनके घर में"}, "super.concern.nobody-to-ask": {"nobody may be asked", "पूछने को कोई नहीं"}, "super.concern.welfare-check": {"welfare check", "कुशलता जाँच"}, "super.concern.duress": {"duress", "दबाव में"},
	"super.concern.did-not-ring": {"she has not rung", "उन्होंने कॉल नहीं की"}, "super.concern.choice-not-reached": {"not reached for her choice", "विकल्प पूछ न सके"}, "super.concern.not-triaged": {"not triaged", "छँटाई बाक़ी"}, "super.concern.sealed": {"sealed", "मुहरबंद"},
	"super.concern.held": {"held", "रोका गया"}, "super.concern.no-window": {"no common hour", "कोई साझा समय नहीं"},

	"super.flag.emergency": {"emergency", "आपात"}, "super.flag.danger": {"danger", "ख़तरा"}, "super.flag.suicide-care": {"care", "देखभाल"}, "super.flag.minor": {"minor", "नाबालिग"}, "super.flag.offender-minor": {"offender minor", "आरोपी नाबालिग"},
	"super.flag.hold": {"hold", "रोक"}, "super.flag.no-offender-contact": {"no contact with him", "उससे संपर्क नहीं"}, "super.flag.sealed": {"sealed", "मुहरबंद"},

	"super.kind.offender": {"warn the offender", "आरोपी को चेतावनी"}, "super.kind.ffr": {"family and friends", "परिवार और मित्र"}, "super.kind.feedback": {"feedback", "प्रतिक्रिया"}, "super.kind.final": {"final feedback", "अंतिम पूछताछ"},
	"super.kind.choice": {"her choice", "उनका विकल्प"}, "super.kind.reask": {"ask again", "फिर पूछें"}, "super.kind.recontact": {"after an emergency", "आपात के बाद"}, "super.kind.follow-up": {"follow-up", "देखभाल कॉल"},
	"super.kind.identify": {"find his number", "नंबर की पहचान"}, "super.kind.callback": {"call back", "वापस कॉल"},

	"super.timer.triage": {"triage", "छँटाई"}, "super.timer.identify": {"identify", "पहचान"}, "super.timer.station": {"station", "थाना"}, "super.timer.final": {"final feedback", "अंतिम पूछताछ"}, "super.timer.emergency": {"emergency", "आपात"},
	"super.timer.reminder": {"reminder", "स्मरण"}, "super.timer.minor": {"report on a child", "बच्चे की रिपोर्ट"}, "super.timer.hold": {"hold", "रोक"},

	"super.event.filed": {"registered", "पंजीकृत"}, "super.event.triaged": {"triaged", "छँटाई"}, "super.event.attempt-ended": {"not answered", "उत्तर नहीं"}, "super.event.spoken": {"spoken", "बातचीत"}, "super.event.called": {"she rang", "उन्होंने कॉल की"},
	"super.event.expired": {"time was up", "समय समाप्त"}, "super.event.time-up": {"timer", "समय"}, "super.event.found": {"he was identified", "आरोपी की पहचान"}, "super.event.police-reported": {"police reported", "पुलिस की रिपोर्ट"},
	"super.event.child-reported": {"report on a child", "बच्चे की रिपोर्ट"}, "super.event.help-confirmed": {"112 is with her", "112 उनके साथ"}, "super.event.care-cleared": {"counsellor agreed", "परामर्शदाता सहमत"},
	"super.event.vetoed": {"no contact with him", "उससे संपर्क नहीं"}, "super.event.terms-changed": {"terms changed", "शर्तें बदलीं"}, "super.event.decided": {"supervisor decided", "पर्यवेक्षक का निर्णय"},

	"super.decision.resume": {"go on", "आगे बढ़ें"}, "super.decision.counsel": {"warn the offender", "आरोपी को चेतावनी"}, "super.decision.ffr": {"family and friends", "परिवार और मित्र"}, "super.decision.station": {"police station", "थाना"},
	"super.decision.ask": {"ask her once more", "उनसे फिर पूछें"}, "super.decision.close": {"close", "बंद करें"}, "super.decision.hold": {"hold", "रोकें"}, "super.decision.reopen": {"reopen", "फिर खोलें"},
	"super.decision.reassign": {"give to somebody", "किसी को सौंपें"}, "super.decision.reschedule": {"another time", "दूसरा समय"},

	"super.outcome.warned": {"warned", "चेतावनी दी"}, "super.outcome.hung-up-before-warning": {"hung up before the warning", "चेतावनी से पहले काटा"}, "super.outcome.callback-requested": {"asked for a call back", "वापस कॉल माँगी"}, "super.outcome.other-person": {"another person", "कोई और"},
	"super.outcome.wrong-number": {"wrong number", "ग़लत नंबर"}, "super.outcome.abusive-no-warning": {"abusive, no warning", "अपशब्द, चेतावनी नहीं"}, "super.outcome.threatens-victim": {"threatens her", "उन्हें धमकी"}, "super.outcome.claims-victim-at-fault": {"says that she is at fault", "उन्हें दोष देता है"},
	"super.outcome.offender-distressed": {"in distress", "व्यथित"}, "super.outcome.minor-offender": {"a minor", "नाबालिग"}, "super.outcome.fake-police-suspicion": {"doubts that we are police", "पुलिस होने पर संदेह"},
	"super.outcome.counselled": {"counselled", "समझाया"}, "super.outcome.refuses": {"refuses", "इनकार"}, "super.outcome.sides-with-offender": {"sides with him", "उसका पक्ष"}, "super.outcome.victims-household": {"lives with her", "उनके घर में"},
	"super.outcome.satisfied": {"satisfied", "संतुष्ट"}, "super.outcome.still-harassed": {"still harassed", "उत्पीड़न जारी"}, "super.outcome.unsure": {"unsure", "अनिश्चित"}, "super.outcome.positive": {"positive", "सकारात्मक"}, "super.outcome.negative": {"negative", "नकारात्मक"},
	"super.outcome.withdraw": {"withdraws", "वापस लेती हैं"}, "super.outcome.unsafe-now": {"unsafe to talk now", "अभी बात सुरक्षित नहीं"}, "super.outcome.danger": {"danger", "ख़तरा"}, "super.outcome.suicide": {"suicidal", "आत्महत्या का ख़तरा"},
	"super.outcome.confirms": {"confirms", "पुष्टि"}, "super.outcome.goes-on": {"goes on", "जारी रखेंगी"}, "super.outcome.chooses-station": {"chooses the station", "थाना चुना"}, "super.outcome.chooses-wait": {"chooses to wait", "रुकना चुना"},
	"super.outcome.safe": {"safe", "सुरक्षित"}, "super.outcome.ongoing": {"ongoing", "जारी"}, "super.outcome.unreached": {"unreached", "संपर्क नहीं"}, "super.outcome.reached": {"reached", "संपर्क हुआ"}, "super.outcome.not-needed": {"not needed", "आवश्यक नहीं"},

	"super.result.answered": {"answered", "उत्तर"}, "super.result.no-answer": {"no answer", "उत्तर नहीं"}, "super.result.busy": {"busy", "व्यस्त"}, "super.result.off": {"switched off", "बंद"}, "super.result.rejected": {"rejected", "अस्वीकृत"},
	"super.result.invalid": {"no such number", "नंबर नहीं"}, "super.result.network": {"network", "नेटवर्क"}, "super.result.cancelled": {"taken back", "वापस ली"}, "super.result.not-placed": {"not placed", "नहीं की गई"}, "super.result.interrupted": {"interrupted", "बाधित"},

	"super.rule.not-in-hand": {"not in hand", "हाथ में नहीं"}, "super.rule.desk-work": {"desk work", "कार्यालय का काम"}, "super.rule.she-rings-us": {"she rings us", "वे कॉल करेंगी"}, "super.rule.not-due": {"not due yet", "अभी समय नहीं"}, "super.rule.expired": {"expired", "समय समाप्त"},
	"super.rule.outside-window": {"outside of the window", "समय-सीमा के बाहर"}, "super.rule.window-closes": {"window closes", "समय-सीमा समाप्त होने को"}, "super.rule.no-number": {"no number", "नंबर नहीं"}, "super.rule.number-in-call": {"number is in a call", "नंबर कॉल में"},
	"super.rule.number-calls-us": {"number is calling us", "नंबर हमें कॉल कर रहा"}, "super.rule.number-cap": {"called often enough today", "आज पर्याप्त कॉल"}, "super.rule.task-cap": {"attempts used up", "प्रयास समाप्त"}, "super.rule.kind-paused": {"kind is stopped", "प्रकार रुका है"},
	"super.rule.ladder-forbids": {"the ladder forbids it", "प्रक्रिया अनुमति नहीं देती"}, "super.rule.waits-for-counsellor": {"waits for a counsellor", "परामर्शदाता की प्रतीक्षा"}, "super.rule.hold": {"hold", "रोक"}, "super.rule.supervisor": {"waits for a supervisor", "पर्यवेक्षक की प्रतीक्षा"},
	"super.rule.emergency": {"emergency", "आपात"}, "super.rule.too-early": {"too early", "बहुत जल्दी"}, "super.rule.no-agent": {"nobody is free for it", "कोई खाली नहीं"}, "super.rule.set-aside": {"set aside", "अलग रखा"},
	"super.rule.attempt-in-hand": {"an attempt is in hand", "प्रयास जारी"}, "super.rule.ended": {"ended", "समाप्त"}, "super.rule.never-rung": {"must not be rung", "कॉल नहीं करनी"},

	"super.role.victim": {"Victim", "पीड़िता"}, "super.role.adult": {"Safe adult", "सुरक्षित वयस्क"}, "super.role.offender": {"Offender", "आरोपी"}, "super.role.contact": {"Contact", "संपर्क"},

	"super.purpose.supervision": {"supervision", "पर्यवेक्षण"}, "super.purpose.complaint": {"complaint", "शिकायत"}, "super.purpose.police-request": {"request of the police", "पुलिस का अनुरोध"}, "super.purpose.court-order": {"court order", "न्यायालय का आदेश"}, "super.purpose.quality": {"quality", "गुणवत्ता"},

	"super.column.gender": {"gender", "लिंग"}, "super.column.officer": {"officer", "अधिकारी"}, "super.column.counsellor": {"Counsellor", "परामर्शदाता"}, "super.column.senior": {"Senior", "वरिष्ठ"}, "super.column.languages": {"Languages", "भाषाएँ"},
	"super.column.categories": {"Categories", "श्रेणियाँ"}, "super.column.outbound": {"Outbound calls", "बाहर की कॉल"}, "super.column.active": {"Works here", "कार्यरत"}, "super.column.name": {"name", "नाम"}, "super.column.secret": {"softphone's secret", "फ़ोन का पासवर्ड"}, "super.column.pin": {"PIN", "पिन"},

	"super.setting.head-start": {"Head start", "अग्रिम समय"}, "super.setting.ring-for": {"Offer rings", "घंटी का समय"}, "super.setting.wrap-up": {"Wrap-up", "लेखन समय"}, "super.setting.ring-2": {"ring 2", "घेरा 2"}, "super.setting.ring-3": {"ring 3", "घेरा 3"}, "super.setting.ring-4": {"ring 4", "घेरा 4"},

	"super.language.hi": {"Hindi", "हिन्दी"}, "super.language.bho": {"Bhojpuri", "भोजपुरी"}, "super.language.awa": {"Awadhi", "अवधी"}, "super.language.ur": {"Urdu", "उर्दू"}, "super.language.en": {"English", "अंग्रेज़ी"}, "super.language.bra": {"Braj", "ब्रज"}, "super.language.bundeli": {"Bundeli", "बुंदेली"},

	"refused.two-persons": {"An export needs two persons: another one than who asked approves it, once.", "प्रति के लिए दो व्यक्ति चाहिए: माँगने वाले से अलग व्यक्ति एक बार स्वीकृति देता है।"},

	// What the engine says no with: package call's words.
	"refused.order-no-such-call": {"The call is not there any more.", "कॉल अब नहीं है।"}, "refused.order-law-forbids": {"Law 3: you may not be in this call.", "नियम 3: आप इस कॉल में नहीं हो सकतीं।"}, "refused.order-agent-taken": {"She is not free for it: busy, away, or her phone does not answer.", "वे अभी उपलब्ध नहीं: व्यस्त, दूर, या फ़ोन उत्तर नहीं देता।"},
	"refused.order-not-talking": {"They are not talking.", "बातचीत नहीं हो रही।"}, "refused.order-not-waiting": {"She does not wait any more.", "वे अब प्रतीक्षा में नहीं हैं।"}, "refused.order-not-allowed": {"This is for supervisors.", "यह पर्यवेक्षकों के लिए है।"},
	"refused.order-not-your-call": {"This is not your call.", "यह आपकी कॉल नहीं है।"}, "refused.order-not-for-this-call": {"This cannot be done with such a call.", "ऐसी कॉल के साथ यह संभव नहीं।"}, "refused.order-unknown-agent": {"Nobody has this name.", "इस नाम का कोई नहीं।"},
	"refused.order-unknown-category": {"There is no such category.", "ऐसी कोई श्रेणी नहीं।"}, "refused.order-nobody-there": {"You are in no call.", "आप किसी कॉल में नहीं हैं।"}, "refused.order-somebody-there": {"Somebody is there already.", "वहाँ पहले से कोई है।"},
	"refused.order-not-recorded": {"It is not recorded.", "यह रिकॉर्ड नहीं हो रहा।"}, "refused.order-no-destination": {"No such destination is configured.", "ऐसा कोई गंतव्य निर्धारित नहीं।"}, "refused.order-too-late": {"Nobody answered in time; nothing was done.", "समय पर उत्तर नहीं मिला; कुछ नहीं हुआ।"},
	"refused.order-not-now": {"Not now.", "अभी नहीं।"}, "refused.order-not-written": {"It could not be written into the audit, so it was not done.", "ऑडिट में दर्ज नहीं हो सका, इसलिए नहीं किया गया।"}, "refused.order-unknown-wish": {"This is not known.", "यह ज्ञात नहीं।"},
}
