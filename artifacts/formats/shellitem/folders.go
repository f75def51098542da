package shellitem

import "strconv"

// folderName returns what the shell calls the folder with this class id; an
// unknown one stands for itself.
func folderName(id string) string {
	if s, ok := folders[id]; ok {
		return s
	}
	return id
}

// category names a category of the control panel.
func category(n uint32) string {
	if int64(n) < int64(len(categories)) {
		return categories[n]
	}
	return "category " + strconv.FormatUint(uint64(n), 10)
}

var categories = [...]string{
	"All Control Panel Items", "Appearance and Personalization", "Hardware and Sound", "Network and Internet",
	"Sounds, Speech, and Audio Devices", "System and Security", "Clock, Language, and Region", "Ease of Access",
	"Programs", "User Accounts", "Security Center", "Mobile PC",
}

// folders are class ids of shell folders and pages of the control panel.
var folders = map[string]string{
	"{018D5C66-4533-4307-9B53-224DE2ED1FE6}": "OneDrive",
	"{025A5937-A6BE-4686-A844-36FE4BEC8B6D}": "Power Options",
	"{031E4825-7B94-4DC3-B131-E946B44C8DD5}": "Libraries",
	"{04731B67-D933-450A-90E6-4ACD2E9408FE}": "Search Folder",
	"{05D7B0F4-2121-4EFF-BF6B-ED3F69B894D9}": "Notification Area Icons",
	"{088E3905-0323-4B02-9826-5D99428E115F}": "Downloads",
	"{0DB7E03F-FC29-4DC6-9020-FF41B59E513A}": "3D Objects",
	"{17CD9488-1228-4B2F-88CE-4298E93E0966}": "Default Programs",
	"{1CF1260C-4DD0-4EBB-811F-33C572699FDE}": "Music",
	"{208D2C60-3AEA-1069-A2D7-08002B30309D}": "My Network Places",
	"{20D04FE0-3AEA-1069-A2D8-08002B30309D}": "My Computer",
	"{21EC2020-3AEA-1069-A2DD-08002B30309D}": "Control Panel",
	"{2227A280-3AEA-1069-A2DE-08002B30309D}": "Printers",
	"{2112AB0A-C86A-4FFE-A368-0DE96E47012E}": "Music Library",
	"{22877A6D-37A1-461A-91B0-DBDA5AAEBC99}": "Recent Places",
	"{24AD3AD4-A569-4530-98E1-AB02F9417AA8}": "Pictures",
	"{26EE0668-A00A-44D7-9371-BEB064C98683}": "Control Panel",
	"{35786D3C-B075-49B9-88DD-029876E11C01}": "Portable Devices",
	"{36EEF7DB-88AD-4E81-AD49-0E313F0C35F8}": "Windows Update",
	"{374DE290-123F-4565-9164-39C4925E467B}": "Downloads",
	"{3ADD1653-EB32-4CB0-BBD7-DFA0ABB5ACCA}": "Pictures",
	"{3DFDF296-DBEC-4FB4-81D1-6A3438BCF4DE}": "Music",
	"{4026492F-2F69-46B8-B9BF-5654FC07E423}": "Windows Firewall",
	"{4234D49B-0245-4DF3-B780-3893943456E1}": "Applications",
	"{4336A54D-038B-4685-AB02-99BB52D3FB8B}": "Public",
	"{450D8FBA-AD25-11D0-98A8-0800361B1103}": "My Documents",
	"{491E922F-5643-4AF4-A7EB-4E7A138D8174}": "Videos Library",
	"{5399E694-6CE5-4D6C-8FCE-1D8870FDCBA0}": "Control Panel",
	"{59031A47-3F72-44A7-89C5-5595FE6B30EE}": "User's Files",
	"{60632754-C523-4B62-B45C-4172DA012619}": "User Accounts",
	"{645FF040-5081-101B-9F08-00AA002F954E}": "Recycle Bin",
	"{679F85CB-0220-4080-B29B-5540CC05AAB6}": "Quick Access",
	"{7007ACC7-3202-11D1-AAD2-00805FC1270E}": "Network Connections",
	"{754AC886-DF64-4CBA-86B5-F7FBF4FBCEF5}": "Desktop",
	"{78F3955E-3B90-4184-BD14-5397C15F1EFC}": "Performance Information and Tools",
	"{7B0DB17D-9CD2-4A93-9733-46CC89022E7C}": "Documents Library",
	"{7B81BE6A-CE2B-4676-A29E-EB907A5126C5}": "Programs and Features",
	"{871C5380-42A0-1069-A2EA-08002B30309D}": "Internet Explorer",
	"{8E908FC9-BECC-40F6-915B-F4CA0E70D03D}": "Network and Sharing Center",
	"{9343812E-1C37-4A49-A12E-4B2D810D956B}": "Search Home",
	"{9C60DE1E-E5FC-40F4-A487-460851A8D915}": "AutoPlay",
	"{9FE63AFD-59CF-4419-9775-ABCC3849F861}": "Recovery",
	"{A0953C92-50DC-43BF-BE83-3742FED03C9C}": "Videos",
	"{A8A91A66-3A7D-4424-8D24-04E180695C7A}": "Devices and Printers",
	"{A8CDFF1C-4878-43BE-B5FD-F8091C1C60D0}": "Documents",
	"{A990AE9F-A03B-4E80-94BC-9912D7504104}": "Pictures Library",
	"{B4BFCC3A-DB2C-424C-B029-7FE99A87C641}": "Desktop",
	"{B4FB3F98-C1EA-428D-A78A-D1F5659CBA93}": "HomeGroup",
	"{B98A2BEA-7D42-4558-8BD1-832F41BAC6FD}": "Backup and Restore",
	"{BB06C0E4-D293-4F75-8A90-CB05B6477EEE}": "System",
	"{BB64F8A7-BEE7-4E1A-AB8D-7D8273F7FDB6}": "Action Center",
	"{C555438B-3C23-4769-A71F-B6D3D9B6053A}": "Display",
	"{C58C4893-3BE0-4B45-ABB5-A63E4B8C8651}": "Troubleshooting",
	"{D20EA4E1-3957-11D2-A40B-0C5020524153}": "Administrative Tools",
	"{D3162B92-9365-467A-956B-92703ACA08AF}": "Documents",
	"{D34A6CA6-62C2-4C34-8A7C-14709C1AD938}": "Common Places",
	"{E88DCCE0-B7B3-11D1-A9F0-00AA0060FA31}": "Compressed Folder",
	"{ED228FDF-9EA8-4870-83B1-96B02CFE0D52}": "Games",
	"{ED834ED6-4B5A-4BFE-8F11-A626DCB6A921}": "Personalization",
	"{F02C1A0D-BE21-4350-88B0-7367FC96EF3C}": "Network",
	"{F86FA3AB-70D2-4FC7-9C99-FCBF05467F3A}": "Videos",
	"{F874310E-B6B7-47DC-BC84-B9E6B38F5903}": "Home",
	"{FDD39AD0-238F-46AF-ADB4-6C85480369C7}": "Documents",
}
