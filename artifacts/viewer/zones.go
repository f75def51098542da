package viewer

// zoneNames gives for the names that Windows has for time zones the name in the IANA
// database, which browsers know. For zones that are not here a page has only the
// offset that the machine recorded.
var zoneNames = map[string]string{
	"UTC": "UTC", "Greenwich Standard Time": "Atlantic/Reykjavik", "GMT Standard Time": "Europe/London",
	"W. Europe Standard Time": "Europe/Berlin", "Central Europe Standard Time": "Europe/Budapest", "Romance Standard Time": "Europe/Paris",
	"Central European Standard Time": "Europe/Warsaw", "E. Europe Standard Time": "Europe/Chisinau", "FLE Standard Time": "Europe/Kiev",
	"GTB Standard Time": "Europe/Bucharest", "Turkey Standard Time": "Europe/Istanbul", "Russian Standard Time": "Europe/Moscow",
	"Belarus Standard Time": "Europe/Minsk", "Kaliningrad Standard Time": "Europe/Kaliningrad", "Morocco Standard Time": "Africa/Casablanca",
	"W. Central Africa Standard Time": "Africa/Lagos", "South Africa Standard Time": "Africa/Johannesburg", "Egypt Standard Time": "Africa/Cairo",
	"E. Africa Standard Time": "Africa/Nairobi", "Israel Standard Time": "Asia/Jerusalem", "Jordan Standard Time": "Asia/Amman",
	"Arabic Standard Time": "Asia/Baghdad", "Arab Standard Time": "Asia/Riyadh", "Arabian Standard Time": "Asia/Dubai",
	"Iran Standard Time": "Asia/Tehran", "Azerbaijan Standard Time": "Asia/Baku", "Georgian Standard Time": "Asia/Tbilisi",
	"Caucasus Standard Time": "Asia/Yerevan", "Pakistan Standard Time": "Asia/Karachi", "West Asia Standard Time": "Asia/Tashkent",
	"Ekaterinburg Standard Time": "Asia/Yekaterinburg", "India Standard Time": "Asia/Calcutta", "Sri Lanka Standard Time": "Asia/Colombo",
	"Nepal Standard Time": "Asia/Katmandu", "Bangladesh Standard Time": "Asia/Dhaka", "Myanmar Standard Time": "Asia/Rangoon",
	"SE Asia Standard Time": "Asia/Bangkok", "N. Central Asia Standard Time": "Asia/Novosibirsk", "North Asia Standard Time": "Asia/Krasnoyarsk",
	"China Standard Time": "Asia/Shanghai", "Singapore Standard Time": "Asia/Singapore", "Taipei Standard Time": "Asia/Taipei",
	"W. Australia Standard Time": "Australia/Perth", "North Asia East Standard Time": "Asia/Irkutsk", "Tokyo Standard Time": "Asia/Tokyo",
	"Korea Standard Time": "Asia/Seoul", "Yakutsk Standard Time": "Asia/Yakutsk", "Cen. Australia Standard Time": "Australia/Adelaide",
	"AUS Central Standard Time": "Australia/Darwin", "E. Australia Standard Time": "Australia/Brisbane",
	"AUS Eastern Standard Time": "Australia/Sydney", "Tasmania Standard Time": "Australia/Hobart", "Vladivostok Standard Time": "Asia/Vladivostok",
	"West Pacific Standard Time": "Pacific/Port_Moresby", "New Zealand Standard Time": "Pacific/Auckland", "Fiji Standard Time": "Pacific/Fiji",
	"Azores Standard Time": "Atlantic/Azores", "Cape Verde Standard Time": "Atlantic/Cape_Verde", "Greenland Standard Time": "America/Godthab",
	"E. South America Standard Time": "America/Sao_Paulo", "Argentina Standard Time": "America/Buenos_Aires",
	"SA Eastern Standard Time": "America/Cayenne", "Montevideo Standard Time": "America/Montevideo", "Newfoundland Standard Time": "America/St_Johns",
	"Atlantic Standard Time": "America/Halifax", "Pacific SA Standard Time": "America/Santiago", "SA Western Standard Time": "America/La_Paz",
	"Venezuela Standard Time": "America/Caracas", "Paraguay Standard Time": "America/Asuncion", "Eastern Standard Time": "America/New_York",
	"US Eastern Standard Time": "America/Indianapolis", "SA Pacific Standard Time": "America/Bogota", "Cuba Standard Time": "America/Havana",
	"Central Standard Time": "America/Chicago", "Central America Standard Time": "America/Guatemala",
	"Central Standard Time (Mexico)": "America/Mexico_City", "Canada Central Standard Time": "America/Regina",
	"Mountain Standard Time": "America/Denver", "US Mountain Standard Time": "America/Phoenix", "Pacific Standard Time": "America/Los_Angeles",
	"Alaskan Standard Time": "America/Anchorage", "Hawaiian Standard Time": "Pacific/Honolulu", "Samoa Standard Time": "Pacific/Apia",
}
