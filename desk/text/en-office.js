// Texts in English of the pages of officers and of representatives.
export const enOffice = {
};
