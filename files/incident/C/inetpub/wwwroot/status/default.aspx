<%@ Page Language="C#" %>
<html><body><%= DateTime.Now %></body></html>
