// Texts in Vietnamese of the pages of officers and of representatives.
export const viOffice = {
};
